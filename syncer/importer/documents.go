package importer

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"playersync/syncer"
	"playersync/syncer/mindustry/fishjson"
)

// MaxDocument is how many bytes one document may have: twice what MongoDB lets one
// have, since extended JSON is longer.
const MaxDocument = 32 << 20

// Position is a place between two documents of a file.
type Position struct {
	Offset   int64 `json:"offset"`          // bytes before it, of the unpacked file
	Line     int   `json:"line"`            // line breaks before it
	Document int   `json:"document"`        // documents before it
	Lists    int   `json:"lists,omitempty"` // lists around it that have not ended
}

// document is one document of a file, or what stands in place of one.
type document struct {
	text []byte   // valid until the next one is read
	line int      // where it begins, from 1
	end  Position // behind it
	err  error    // it is no document, and why
}

// documents reads the documents of a file: one per line, elements of a list, or one
// after the other, each over any number of lines. After a broken document, the next
// line that begins with a brace begins the next one.
type documents struct {
	from *bufio.Reader
	at   Position
	text bytes.Buffer
}

// newDocuments returns the documents that follow a position. Error: the text is in no
// encoding that can be read.
func newDocuments(from io.Reader, at Position) (*documents, error) {
	d := &documents{from: bufio.NewReaderSize(from, 1<<20), at: at}
	if mark, _ := d.from.Peek(3); at.Offset == 0 && bytes.Equal(mark, []byte("\xEF\xBB\xBF")) {
		_, _ = d.from.Discard(3) // just seen
		d.at.Offset = 3
	}
	if at.Offset > 0 {
		return d, nil
	}
	beginning, _ := d.from.Peek(4) // an error comes again
	return d, CheckEncoding(beginning)
}

// CheckEncoding returns an error that says what to do if a file that begins with these
// bytes, four of them if there are as many, is no text in UTF-8 but in UTF-16 or UTF-32,
// or is packed: a spreadsheet's own format is a ZIP archive.
func CheckEncoding(beginning []byte) error {
	var encoding string
	switch zeros := bytes.Count(beginning, []byte{0}); {
	case bytes.HasPrefix(beginning, []byte("\x1F\x8B")):
		return errors.New("the file is packed by gzip; unpack it: zcat FILE > NEW")
	case bytes.HasPrefix(beginning, []byte("PK\x03\x04")):
		return errors.New("the file is a ZIP archive, as spreadsheets are; unpack it, or save the spreadsheet as CSV")
	case len(beginning) == 4 && zeros >= 2 && (beginning[0] == 0 && beginning[1] == 0 ||
		beginning[2] == 0 && beginning[3] == 0):
		encoding = "UTF-32"
	case zeros > 0, bytes.HasPrefix(beginning, []byte("\xFF\xFE")), bytes.HasPrefix(beginning, []byte("\xFE\xFF")):
		encoding = "UTF-16"
	default:
		return nil
	}
	return fmt.Errorf("the file is %s, not UTF-8; save it as UTF-8, or convert it: iconv -f %s -t UTF-8 FILE > NEW",
		encoding, encoding)
}

// next returns the next document, or io.EOF.
func (d *documents) next() (document, error) {
	for {
		switch c, err := d.read(); {
		case errors.Is(err, io.EOF) && d.at.Lists > 0:
			d.at.Lists = 0
			return d.finish(document{
				line: d.at.Line + 1,
				err:  syncer.Invalid("", "is missing: the file ends within a list, and may be cut short"),
			})
		case err != nil:
			return document{}, err
		case c == '{':
			return d.document()
		case c == '[':
			d.at.Lists++
		case c == ']':
			d.at.Lists = max(0, d.at.Lists-1)
		case strings.IndexByte(" \t\r\n,", c) < 0:
			return d.noise()
		}
	}
}

// read returns the next byte.
func (d *documents) read() (byte, error) {
	c, err := d.from.ReadByte()
	if err != nil {
		return 0, err
	}
	d.at.Offset++
	if c == '\n' {
		d.at.Line++
	}
	return c, nil
}

// unread takes the last byte back, which is no line break.
func (d *documents) unread() error {
	d.at.Offset--
	return d.from.UnreadByte()
}

// noise returns, as a broken document, text between documents that does not belong
// there, up to the end of its line.
func (d *documents) noise() (document, error) {
	broken := document{line: d.at.Line + 1, err: syncer.Invalid("", "is no JSON document: must begin with {")}
	for {
		if next, _ := d.from.Peek(1); len(next) == 0 || next[0] == '\n' {
			break
		}
		if _, err := d.read(); err != nil {
			return document{}, err
		}
	}
	return d.finish(broken)
}

// document reads the rest of a document whose brace was read.
func (d *documents) document() (document, error) {
	found := document{line: d.at.Line + 1}
	d.text.Reset()
	d.text.WriteByte('{')
	last := byte('{')
	depth, quoted, escaped := 1, false, false
	for depth > 0 {
		c, err := d.read()
		switch {
		case errors.Is(err, io.EOF):
			found.err = syncer.Invalid("", "is cut short: the file ends within it")
			return d.finish(found)
		case err != nil:
			return document{}, err
		case c == '{' && last == '\n':
			found.err = syncer.Invalid("", "is cut short: another one begins within it")
			if err := d.unread(); err != nil {
				return document{}, fmt.Errorf("read document: %w", err)
			}
			return d.finish(found)
		case quoted:
			if c == '\n' { // never part of a text: else later quotes would begin and end in turn
				found.err = syncer.Invalid("", "is cut short: a text goes beyond the end of its line")
				return d.finish(found)
			}
			quoted, escaped = c != '"' || escaped, c == '\\' && !escaped
		case c == '"':
			quoted = true
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		}
		last = c
		if d.text.Len() <= MaxDocument {
			d.text.WriteByte(c)
		}
	}
	found.text = d.text.Bytes()
	found.err = checkDocument(found.text)
	return d.finish(found)
}

func checkDocument(text []byte) error {
	switch {
	case len(text) > MaxDocument:
		return syncer.Invalid("", "has more than %d bytes", MaxDocument)
	case !utf8.Valid(text):
		return syncer.Invalid("", "is not valid UTF-8")
	}
	var members json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return syncer.Invalid("", "is no JSON document: %v", err)
	}
	return fishjson.CheckNames(text)
}

func (d *documents) finish(found document) (document, error) {
	d.at.Document++
	found.end = d.at
	return found, nil
}
