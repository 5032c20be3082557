package outbox

import (
	"encoding/binary"
	"fmt"
	"os"

	"go.etcd.io/bbolt"
)

// The form of bbolt's pages, of version 2. All numbers have the machine's order of bytes.
//
//	page     id (8), kind (2), count (2), how many pages follow that belong to it (4), elements, data
//	branch   element: offset of its key from itself (4), length of it (4), page (8)
//	leaf     element: kind (4), offset of its key from itself (4), length of it (4), of the value (4)
//	bucket   value of a leaf: root (8), sequence (8); if the root is 0, the page of its leaf follows
//	meta     behind the head of a page: magic (4), version (4), size of a page (4), flags (4),
//	         root bucket (16), page of the free list (8)
//	free     elements: page (8); if the count is 65535, the first element is the true count
const (
	pageHead    = 16
	elementSize = 16
	bucketHead  = 16
	listInMeta  = pageHead + 32

	kindBranch = 0x01
	kindLeaf   = 0x02
	kindFree   = 0x10

	leafIsBucket   = 0x01
	countIsElement = 0xffff
	noFreeList     = ^uint64(0)
	firstPage      = 2 // behind the two that lead to the others
)

// pages is a file that bbolt has open. bbolt believes what a page says: one that leads to
// itself, or tells of a value of gigabytes, would take all memory.
type pages struct {
	file *os.File
	size uint64 // of a page, bytes
	end  uint64 // the page behind the last one
	used map[uint64]bool
}

// verifyPages reads each page that is in use or says which are free.
func verifyPages(tx *bbolt.Tx) error {
	file, err := os.Open(tx.DB().Path())
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	size := uint64(tx.DB().Info().PageSize)
	p := pages{file: file, size: size, end: uint64(tx.Size()) / size, used: map[uint64]bool{}}
	if err := p.visit(uint64(tx.Cursor().Bucket().Root())); err != nil {
		return err
	}
	meta := make([]byte, listInMeta+8)
	if _, err := file.ReadAt(meta, int64(uint64(tx.ID())%firstPage*size)); err != nil {
		return err
	}
	return p.visitFree(binary.NativeEndian.Uint64(meta[listInMeta:]))
}

func (p pages) damaged(id uint64) error { return fmt.Errorf("%w: page %d", ErrCorrupt, id) }

// read returns a page with those that belong to it, none of which was read before.
func (p pages) read(id uint64) ([]byte, error) {
	head := make([]byte, pageHead)
	if id < firstPage || id >= p.end {
		return nil, p.damaged(id)
	}
	if _, err := p.file.ReadAt(head, int64(id*p.size)); err != nil {
		return nil, err
	}
	more := uint64(binary.NativeEndian.Uint32(head[12:]))
	if binary.NativeEndian.Uint64(head) != id || more >= p.end-id {
		return nil, p.damaged(id)
	}
	for n := range more + 1 {
		if p.used[id+n] {
			return nil, p.damaged(id)
		}
		p.used[id+n] = true
	}
	page := make([]byte, (more+1)*p.size)
	_, err := p.file.ReadAt(page, int64(id*p.size))
	return page, err
}

func kindOf(page []byte) uint16 { return binary.NativeEndian.Uint16(page[8:]) }

// elements returns the i-th elements of a page, each with all that follows it there; false: they
// do not fit into it.
func elements(page []byte) (all [][]byte, ok bool) {
	count := int(binary.NativeEndian.Uint16(page[10:]))
	if pageHead+count*elementSize > len(page) {
		return nil, false
	}
	for i := range count {
		all = append(all, page[pageHead+i*elementSize:])
	}
	return all, true
}

// visit reads a page and those that it leads to.
func (p pages) visit(id uint64) error {
	page, err := p.read(id)
	if err != nil {
		return err
	}
	switch kindOf(page) {
	case kindLeaf:
		return p.visitLeaf(id, page)
	case kindBranch:
		return p.visitBranch(id, page)
	default:
		return p.damaged(id)
	}
}

func (p pages) visitBranch(id uint64, page []byte) error {
	children, ok := elements(page)
	if !ok || len(children) == 0 {
		return p.damaged(id)
	}
	for _, child := range children {
		offset, length := binary.NativeEndian.Uint32(child), binary.NativeEndian.Uint32(child[4:])
		if uint64(offset)+uint64(length) > uint64(len(child)) {
			return p.damaged(id)
		}
		if err := p.visit(binary.NativeEndian.Uint64(child[8:])); err != nil {
			return err
		}
	}
	return nil
}

// visitLeaf reads the entries of a leaf, which is a page or within one.
func (p pages) visitLeaf(id uint64, page []byte) error {
	entries, ok := elements(page)
	if !ok {
		return p.damaged(id)
	}
	for _, entry := range entries {
		kind, offset := binary.NativeEndian.Uint32(entry), uint64(binary.NativeEndian.Uint32(entry[4:]))
		value := offset + uint64(binary.NativeEndian.Uint32(entry[8:]))
		end := value + uint64(binary.NativeEndian.Uint32(entry[12:]))
		if end > uint64(len(entry)) || value == offset || kind > leafIsBucket {
			return p.damaged(id)
		}
		if kind == leafIsBucket {
			if err := p.visitBucket(id, entry[value:end]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p pages) visitBucket(id uint64, value []byte) error {
	if len(value) < bucketHead {
		return p.damaged(id)
	}
	if root := binary.NativeEndian.Uint64(value); root != 0 {
		return p.visit(root)
	}
	inline := value[bucketHead:]
	if len(inline) < pageHead || kindOf(inline) != kindLeaf {
		return p.damaged(id)
	}
	return p.visitLeaf(id, inline)
}

// visitFree checks that no page is listed as free that is in use, which the next write would
// destroy.
func (p pages) visitFree(id uint64) error {
	if id == noFreeList {
		return nil
	}
	page, err := p.read(id)
	if err != nil {
		return err
	}
	first, count := uint64(pageHead), uint64(binary.NativeEndian.Uint16(page[10:]))
	if count == countIsElement {
		first, count = first+8, binary.NativeEndian.Uint64(page[first:])
	}
	if kindOf(page) != kindFree || count > (uint64(len(page))-first)/8 {
		return p.damaged(id)
	}
	for n := range count {
		free := binary.NativeEndian.Uint64(page[first+8*n:])
		if free < firstPage || free >= p.end || p.used[free] {
			return p.damaged(id)
		}
		p.used[free] = true
	}
	return nil
}
