package main

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"sort"
	"time"

	"sallyport"
	"sallyport/internal/testkit/server"
	"sallyport/internal/testkit/team"
)

const timingSamples = 400

// timings asks whether the time of a refused sign-in tells an account that exists from one that does not.
func (b *bench) timings() error {
	// Each try comes from a network of its own, as a listed proxy says, and with a password of its own: what is asked here
	// is how long a comparison takes, not when the waits begin.
	s, err := b.serve("timing", func(f *team.Folder) error {
		specs := make([]team.Spec, timingSamples+20)
		for i := range specs {
			specs[i] = team.Spec{Name: fmt.Sprintf("tech%04d", i), Role: sallyport.ReadOnlyTechnician, Method: sallyport.MethodApp}
		}
		_, err := f.Add(b.ctx, specs...)
		return err
	}, "SALLYPORT_TRUSTED_PROXIES=127.0.0.1")
	if err != nil {
		return err
	}
	defer s.Kill()
	shared := server.NewTransport(s.Port)
	defer shared.CloseIdleConnections()
	var known, unknown []float64
	for i := range timingSamples + 20 {
		names := []string{fmt.Sprintf("tech%04d@northwind.example", i), fmt.Sprintf("tach%04d@northwind.example", i)}
		first := toss()
		for j := range names {
			which := (first + j) % 2
			client := s.ClientWith(shared)
			client.From = fmt.Sprintf("10.%d.%d.%d", i/250, i%250, 1+which)
			took, err := b.wrongPassword(client, names[which], fmt.Sprintf("certainly not %d or %d", i, which))
			if err != nil {
				return err
			}
			switch {
			case i < 20: // warming up
			case which == 0:
				known = append(known, took)
			default:
				unknown = append(unknown, took)
			}
		}
	}
	auc := areaUnderCurve(known, unknown)
	b.atMost("Telling a known user name from an unknown one by time (AUC)", max(auc, 1-auc), 0.55,
		fmt.Sprintf("%d wrong passwords for accounts that exist and as many for names that do not, in random order; 0.5 is a coin's toss", timingSamples))
	return nil
}

func (b *bench) wrongPassword(c *server.Client, name, password string) (float64, error) {
	if _, err := c.Get(b.ctx, "/sign-in"); err != nil {
		return 0, err
	}
	began := time.Now()
	a, err := c.Post(b.ctx, "/sign-in", url.Values{"user_name": {name}, "password": {password}, "return": {""}})
	took := time.Since(began).Seconds()
	if err == nil && a.Status != http.StatusUnprocessableEntity && a.Status != http.StatusUnauthorized && a.Status != http.StatusForbidden {
		err = fmt.Errorf("a wrong password was answered with %d", a.Status)
	}
	return took, err
}

// areaUnderCurve is how often a value of a is larger than one of b, ties counted by half: 0.5 when nothing tells them
// apart (the Mann-Whitney statistic).
func areaUnderCurve(a, b []float64) float64 {
	sort.Float64s(b)
	sum := 0.0
	for _, v := range a {
		below := sort.SearchFloat64s(b, v)
		same := sort.Search(len(b)-below, func(i int) bool { return b[below+i] > v })
		sum += float64(below) + float64(same)/2
	}
	return sum / float64(len(a)*len(b))
}

// toss is 0 or 1.
func toss() int {
	var b [1]byte
	rand.Read(b[:])
	return int(b[0] & 1)
}
