// Command bench measures what people and machines feel of Sallyport, as ratios within one run, and writes docs/bench.md.
//
// It owns the measurements and their yardsticks: bare programs that do the least that could do the same job, run beside
// the real binary and measured the same way, one after the other in turn. It works on loopback and in temporary folders
// only. No test passes or fails by what it finds. Begin with main.go; each file is one measurement.
package main
