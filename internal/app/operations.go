package app

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"sallyport"
	"sallyport/internal/ledger"
	"sallyport/internal/web"
)

// operations is what machines ask on a port of their own: is it alive, can it serve, its numbers. Labels are route
// patterns and statuses only, never anything that a request brought along.
type operations struct {
	core     *core
	registry *prometheus.Registry
	took     *prometheus.HistogramVec
}

func newOperations(c *core) *operations {
	o := &operations{core: c, registry: prometheus.NewRegistry(),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "sallyport_request_seconds", Help: "Time to answer, by route and status.",
			Buckets: []float64{.001, .005, .02, .05, .1, .25, 1, 5, 15}}, []string{"route", "status"})}
	o.registry.MustRegister(o.took, c.refusals.took, c.refusals.unseen, c.refusals.nodes, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	o.registry.MustRegister(ledgerNumbers{c.ledger})
	o.count("sallyport_database_statements_total", "SQL statements.", func() float64 { return float64(c.db.Stats().Statements) })
	o.count("sallyport_database_writes_total", "Write transactions.", func() float64 { return float64(c.db.Stats().Writes) })
	o.count("sallyport_database_trips_total", "Round trips to PostgreSQL of transactions.", func() float64 { return float64(c.db.Stats().Trips) })
	o.count("sallyport_database_again_total", "Write transactions that ran again after a conflict.", func() float64 { return float64(c.db.Stats().Again) })
	o.count("sallyport_password_hashes_total", "Password hash calls.", func() float64 { return float64(c.hasher.Calls()) })
	o.count("sallyport_outbox_failures_total", "Tries to send a notice or a link by email that failed.", func() float64 { return float64(c.delivery.Failures()) })
	return o
}

// ledgerNumbers are the audit log's numbers at the moment they are asked for. A sink's name stands in the configuration.
type ledgerNumbers struct{ ledger *ledger.Service }

var (
	treeSize     = prometheus.NewDesc("sallyport_audit_tree_size", "Events in the audit log's tree.", nil, nil)
	treeGrows    = prometheus.NewDesc("sallyport_audit_tree_grows", "1 while the audit log's tree fits what was signed and grows, 0 when it does not.", nil, nil)
	sinkBehind   = prometheus.NewDesc("sallyport_audit_sink_behind", "Audit events that a sink has not taken yet.", []string{"sink"}, nil)
	sinkFailures = prometheus.NewDesc("sallyport_audit_sink_failures_total", "Deliveries to a sink that failed.", []string{"sink"}, nil)
	sinkSent     = prometheus.NewDesc("sallyport_audit_sink_sent_timestamp_seconds", "When a sink last took something.", []string{"sink"}, nil)
)

// Describe implements prometheus.Collector.
func (l ledgerNumbers) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{treeSize, treeGrows, sinkBehind, sinkFailures, sinkSent} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (l ledgerNumbers) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	size, grows, sinks := l.ledger.Numbers()
	gauge(treeSize, float64(size))
	gauge(treeGrows, map[bool]float64{true: 1}[grows])
	for _, s := range sinks {
		gauge(sinkBehind, float64(s.Behind), s.Name)
		ch <- prometheus.MustNewConstMetric(sinkFailures, prometheus.CounterValue, float64(s.Failures), s.Name)
		if !s.SentAt.IsZero() {
			gauge(sinkSent, float64(s.SentAt.UnixMicro())/1e6, s.Name)
		}
	}
}

func (o *operations) count(name, help string, value func() float64) {
	o.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, value))
}

// watch adds the numbers that the site itself keeps.
func (o *operations) watch(site *web.Site) {
	o.count("sallyport_session_checks_yes_total", "GET /session answered with 204.", func() float64 { yes, _, _ := site.SessionChecks(); return float64(yes) })
	o.count("sallyport_session_checks_no_total", "GET /session answered with 401.", func() float64 { _, no, _ := site.SessionChecks(); return float64(no) })
	o.count("sallyport_session_checks_unknown_total", "GET /session answered with 503, because the session could not be looked up.",
		func() float64 { _, _, unknown := site.SessionChecks(); return float64(unknown) })
}

// watchConnections adds the numbers of the public listener.
func (o *operations) watchConnections(l *web.Connections) {
	o.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "sallyport_connections", Help: "Open connections."},
		func() float64 { open, _, _ := l.Count(); return float64(open) }))
	o.count("sallyport_connections_refused_total", "Connections beyond the bounds.", func() float64 { _, refused, _ := l.Count(); return float64(refused) })
	o.count("sallyport_connections_dropped_total", "Connections that lingered and were closed for a newcomer.", func() float64 { _, _, dropped := l.Count(); return float64(dropped) })
}

func (o *operations) observe(route string, status int, took time.Duration) {
	if route == "" {
		route = "none"
	}
	text := http.StatusText(status)
	if status == web.StatusHungUp {
		text = "Client Hung Up"
	}
	o.took.WithLabelValues(route, text).Observe(took.Seconds())
}

func (o *operations) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _ = web.Text(w, http.StatusOK, "alive\n") })
	mux.HandleFunc("GET /readyz", o.ready)
	mux.Handle("GET /metrics", promhttp.HandlerFor(o.registry, promhttp.HandlerOpts{}))
	return mux
}

// ready answers whether a request could be served now: this node is fit to serve, the database gives an answer, and a session
// can be looked up, by the way that each check of one goes.
func (o *operations) ready(w http.ResponseWriter, r *http.Request) {
	err := o.core.fit.check()
	if err == nil {
		_, err = o.core.session.Usable(r.Context(), sallyport.Hash{})
	}
	if err == nil {
		err = o.core.db.Ping(r.Context())
	}
	if err != nil {
		o.core.log.Error("not ready", "error", err)
		_ = web.Text(w, http.StatusServiceUnavailable, "not ready"+o.core.fit.words()+"\n")
		return
	}
	_ = web.Text(w, http.StatusOK, "ready\n")
}
