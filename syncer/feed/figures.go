package feed

import (
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// Figures are measurements since the start.
type Figures struct {
	FoundByPoll int64 // changes whose notification never came

	// P50 and P99 are within which half and 99 % of the changes arrived, each as the end of the
	// bucket that it lies in; 0: none has arrived yet.
	P50, P99 time.Duration
}

// Figures returns the measurements. It may be called from any goroutine.
func (f *Feed) Figures() Figures {
	var found, arrived dto.Metric
	if f.metrics.foundByPoll.Write(&found) != nil || f.metrics.propagation.(prometheus.Metric).Write(&arrived) != nil {
		return Figures{} // they always can be read
	}
	return Figures{
		FoundByPoll: int64(found.GetCounter().GetValue()),
		P50:         quantile(arrived.GetHistogram(), .5), P99: quantile(arrived.GetHistogram(), .99),
	}
}

// quantile returns the end of the bucket in which a quantile lies.
func quantile(h *dto.Histogram, q float64) time.Duration {
	rank := uint64(math.Ceil(q * float64(h.GetSampleCount())))
	if rank == 0 {
		return 0
	}
	var end float64
	for _, bucket := range h.GetBucket() {
		if end = bucket.GetUpperBound(); bucket.GetCumulativeCount() >= rank {
			break
		}
	}
	return time.Duration(end * float64(time.Second))
}
