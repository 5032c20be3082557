package bench

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

func TestPlotShowsEachFigure(t *testing.T) {
	t.Parallel()
	report := Report{Series: []Series{
		{Figure: "p99 & rate", Line: "1 sidecar", Of: "operations", Unit: "ms", Points: []Point{{50, 3}, {70, 60}}},
		{Figure: "p99 & rate", Line: "8 sidecars", Of: "operations", Unit: "ms", Points: []Point{{50, 2}, {900, 55}}},
		{Figure: "join", Line: "ours", Of: "players", Points: []Point{{1e3, 0}, {1e6, 0}}, Exponent: 0.25},
	}}
	var plot, again bytes.Buffer
	if err := errors.Join(WritePlot(&plot, report), WritePlot(&again, report)); err != nil {
		t.Fatal(err)
	}
	if plot.String() != again.String() {
		t.Error("the same report gives another plot")
	}
	for _, want := range []string{"p99 &amp; rate, ms", ">1 sidecar<", ">8 sidecars<", "exponent 0.25", ">1M<"} {
		if !strings.Contains(plot.String(), want) {
			t.Errorf("%q is not in\n%s", want, plot.String())
		}
	}
	for decoder := xml.NewDecoder(&plot); ; {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if strings.Contains(again.String(), "NaN") || strings.Contains(again.String(), "Inf") {
		t.Errorf("a point is nowhere:\n%s", again.String())
	}
}

func TestTicksAreRound(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		values, want []float64
	}{
		{[]float64{3, 60}, []float64{0, 10, 20, 30, 40, 50, 60}},
		{[]float64{1, 1000}, []float64{1, 10, 100, 1000}},
		{[]float64{0, 0}, []float64{0, 0.5, 1}},
		{nil, []float64{0, 0.5, 1}},
	} {
		got := scaleOf(test.values, 0, 1).ticks()
		for i := range got {
			got[i] = float64(int(got[i]*100+0.5)) / 100
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%v: ticks %v, want %v", test.values, got, test.want)
		}
	}
}
