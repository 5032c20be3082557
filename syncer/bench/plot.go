package bench

import (
	"bytes"
	"cmp"
	"fmt"
	"html"
	"io"
	"math"
	"slices"
	"strconv"
)

// Sizes of a plot, in pixels.
const (
	panelWidth, panelHeight = 420.0, 240.0
	marginLeft, marginRight = 64.0, 16.0
	marginTop, marginBottom = 40.0, 44.0
	panelsInARow            = 2
)

// colours of lines, which people who do not see all colours can tell apart.
var colours = []string{"#0072b2", "#d55e00", "#009e73", "#cc79a7"}

// WritePlot draws the series of a report as SVG, a panel for each figure. The same report gives
// the same bytes.
func WritePlot(w io.Writer, report Report) error {
	panels := panelsOf(report.Series)
	rows := (len(panels) + panelsInARow - 1) / panelsInARow
	width := panelWidth * float64(min(len(panels), panelsInARow))
	var out bytes.Buffer
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" `+
		`font-family="sans-serif" font-size="11">`+"\n", width, panelHeight*float64(rows))
	out.WriteString(`<rect width="100%" height="100%" fill="white"/>` + "\n")
	for i, p := range panels {
		column, row := i%panelsInARow, i/panelsInARow
		fmt.Fprintf(&out, `<g transform="translate(%.0f %.0f)">`+"\n",
			panelWidth*float64(column), panelHeight*float64(row))
		p.draw(&out)
		out.WriteString("</g>\n")
	}
	out.WriteString("</svg>\n")
	_, err := w.Write(out.Bytes())
	return err
}

// panel is the series of one figure, and the scales that they share.
type panel struct {
	series []Series
	x, y   scale
}

// panelsOf groups series by figure, in the order in which figures come.
func panelsOf(series []Series) (panels []*panel) {
	for _, s := range series {
		i := slices.IndexFunc(panels, func(p *panel) bool { return p.series[0].Figure == s.Figure })
		if i < 0 {
			i, panels = len(panels), append(panels, &panel{})
		}
		panels[i].series = append(panels[i].series, s)
	}
	for _, p := range panels {
		slices.SortStableFunc(p.series, func(a, b Series) int { return cmp.Compare(a.Line, b.Line) })
		var xs, ys []float64
		for _, s := range p.series {
			for _, point := range s.Points {
				xs, ys = append(xs, point.X), append(ys, point.Y)
			}
		}
		p.x = scaleOf(xs, marginLeft, panelWidth-marginRight)
		p.y = scaleOf(ys, panelHeight-marginBottom, marginTop)
	}
	return panels
}

func (p *panel) draw(out *bytes.Buffer) {
	first := p.series[0]
	title := first.Figure
	if first.Unit != "" {
		title += ", " + first.Unit
	}
	write := func(x, y float64, anchor, fill, text string) {
		fmt.Fprintf(out, `<text x="%.1f" y="%.1f" text-anchor="%s" fill="%s">%s</text>`+"\n",
			x, y, anchor, fill, html.EscapeString(text))
	}
	write(marginLeft, 18, "start", "black", title)
	write(panelWidth/2, panelHeight-8, "middle", "black", first.Of)
	for _, tick := range p.x.ticks() {
		write(p.x.at(tick), panelHeight-marginBottom+16, "middle", "#555", brief(tick))
	}
	for _, tick := range p.y.ticks() {
		fmt.Fprintf(out, `<path d="M%.1f %.1fH%.1f" stroke="#ddd"/>`+"\n",
			marginLeft, p.y.at(tick), panelWidth-marginRight)
		write(marginLeft-6, p.y.at(tick)+4, "end", "#555", brief(tick))
	}
	for i, s := range p.series {
		colour := colours[i%len(colours)]
		command := "M"
		fmt.Fprintf(out, `<path fill="none" stroke-width="2" stroke="%s" d="`, colour)
		for _, point := range s.Points {
			fmt.Fprintf(out, "%s%.1f %.1f", command, p.x.at(point.X), p.y.at(point.Y))
			command = "L"
		}
		out.WriteString(`"/>` + "\n")
		if len(p.series) > 1 {
			write(marginLeft+110*float64(i), 33, "start", colour, s.Line)
		} else if s.Exponent != 0 {
			write(marginLeft, 33, "start", colour, fmt.Sprintf("exponent %.2f", s.Exponent))
		}
	}
}

// scale leads from values to pixels.
type scale struct {
	low, high float64
	from, to  float64
	logarithm bool
}

// wide is the quotient of the largest and the smallest value from which a scale is logarithmic.
const wide = 30

func scaleOf(values []float64, from, to float64) scale {
	if len(values) == 0 {
		values = []float64{0, 1}
	}
	s := scale{low: slices.Min(values), high: slices.Max(values), from: from, to: to}
	if s.low > 0 && s.high > wide*s.low {
		s.logarithm = true
		s.low, s.high = math.Pow(10, math.Floor(math.Log10(s.low))), math.Pow(10, math.Ceil(math.Log10(s.high)))
		return s
	}
	s.low = min(s.low, 0)
	if s.high <= s.low {
		s.high = s.low + 1
	}
	return s
}

func (s scale) at(value float64) float64 {
	low, high := s.low, s.high
	if s.logarithm {
		value, low, high = math.Log10(value), math.Log10(low), math.Log10(high)
	}
	return s.from + (value-low)/(high-low)*(s.to-s.from)
}

// ticks returns a few round values.
func (s scale) ticks() (values []float64) {
	if s.logarithm {
		for v := s.low; v <= s.high*1.001; v *= 10 {
			values = append(values, v)
		}
		return values
	}
	step := math.Pow(10, math.Floor(math.Log10(s.high-s.low)))
	for _, part := range []float64{5, 2} {
		if (s.high-s.low)/step < part {
			step /= 10 / part
			break
		}
	}
	for v := math.Ceil(s.low/step) * step; v <= s.high*1.001; v += step {
		values = append(values, v)
	}
	return values
}

// brief shows a value in few characters: 1.5k, 10M.
func brief(value float64) string {
	suffix := ""
	for _, unit := range []struct {
		size   float64
		suffix string
	}{{1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if math.Abs(value) >= unit.size {
			value, suffix = value/unit.size, unit.suffix
			break
		}
	}
	return strconv.FormatFloat(value, 'g', 3, 64) + suffix
}
