package bench

import (
	"math"
	"slices"
	"time"
)

// Series is how a figure depends on something else.
type Series struct {
	Figure   string  `json:"figure"` // series of one figure share a plot
	Line     string  `json:"line"`   // tells them apart
	Of       string  `json:"of"`     // what X is, with its unit
	Unit     string  `json:"unit"`   // of Y
	Points   []Point `json:"points"`
	Exponent float64 `json:"exponent,omitempty"` // Y grows with this power of X
}

// Point is one measurement of a [Series].
type Point struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
}

// exponentOf returns the power of X with which Y grows, by least squares of the logarithms: 0
// where it is flat, 1 where it is proportional. It is 0 for less than two points above zero.
func exponentOf(points []Point) float64 {
	var n, sumX, sumY, sumXX, sumXY float64
	for _, p := range points {
		if p.X <= 0 || p.Y <= 0 {
			continue
		}
		x, y := math.Log(p.X), math.Log(p.Y)
		n, sumX, sumY, sumXX, sumXY = n+1, sumX+x, sumY+y, sumXX+x*x, sumXY+x*y
	}
	return ratio(n*sumXY-sumX*sumY, n*sumXX-sumX*sumX)
}

// distribution returns which durations, in milliseconds, so many percent do not exceed. It
// sorts them.
func distribution(samples []time.Duration) (points []Point) {
	slices.Sort(samples)
	for _, p := range []float64{1, 5, 10, 25, 50, 75, 90, 95, 99, 100} {
		points = append(points, Point{X: p, Y: percentile(samples, p)})
	}
	return points
}

// medianOf returns the median of figures; it sorts them.
func medianOf(figures []float64) float64 {
	slices.Sort(figures)
	return figures[len(figures)/2]
}
