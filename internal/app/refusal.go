package app

import (
	"github.com/prometheus/client_golang/prometheus"

	"sallyport/internal/account"
)

// refusals are the times from Save to refusal: what is promised to be over a second never.
type refusals struct {
	took   prometheus.Histogram
	unseen prometheus.Counter
	nodes  prometheus.Gauge
}

func newRefusals() *refusals {
	return &refusals{
		took: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "sallyport_refusal_seconds",
			Help:    "From just before the commit of an act that signs somebody out until every server refuses what is older.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5}}),
		unseen: prometheus.NewCounter(prometheus.CounterOpts{Name: "sallyport_refusal_unseen_total",
			Help: "Acts after which a server did not say within a second that it refuses."}),
		nodes: prometheus.NewGauge(prometheus.GaugeOpts{Name: "sallyport_refusal_nodes",
			Help: "Servers that refused after the last such act, this one among them."}),
	}
}

func (r *refusals) observe(of account.Refusal) {
	if r.nodes.Set(1); of.Nodes > 0 {
		r.nodes.Set(float64(of.Nodes - of.SilentCount()))
	}
	r.took.Observe(of.After.Seconds())
	if of.Unseen || of.Silent != "" {
		r.unseen.Inc()
	}
}
