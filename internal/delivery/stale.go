package delivery

import (
	"context"
	"strconv"
	"time"

	"sallyport"
)

// StaleError refuses a form that began from settings which somebody has changed since, and says how they differ.
type StaleError struct {
	Began  string       // as the next Save must say it, made knowing both
	Differ []Difference // in the order of the form; secrets are not compared
	By     string       // user name of who saved last; empty when nobody knows, or when they were taken away
	At     time.Time    // when; zero like By
}

// Difference is one field in both versions.
type Difference struct{ Name, Label, Theirs, Yours string }

var errStale = sallyport.E(sallyport.Conflict, "stale", "Somebody else changed these settings while you were editing.")

// Error is the text for logs.
func (e *StaleError) Error() string { return errStale.Error() }

// Unwrap gives the refusal in words to errors.As.
func (e *StaleError) Unwrap() error { return errStale }

// Seen is a channel with what a page showed of it: View.Began, or Need.Began; empty: whatever is there is meant.
type Seen struct {
	Channel sallyport.Channel
	Began   string
}

var errUnseen = sallyport.E(sallyport.Conflict, "stale", "Somebody else changed these settings after your page was loaded, so nothing was done. This is how they are now.")

// check refuses what was meant for other settings than now.
func (s Seen) check(now *sallyport.Gateway) error {
	if s.Began == "" || s.Began == began(now) {
		return nil
	}
	return errUnseen
}

// began names what a form begins from: each saving is another, and going into use is none.
func began(g *sallyport.Gateway) string {
	if g == nil {
		return "none"
	}
	return strconv.FormatInt(g.ChangedAt.UnixMicro(), 10)
}

// checkBegan refuses form with a *StaleError where now is not what it began from.
func checkBegan(ctx context.Context, tx Tx, form Form, now *sallyport.Gateway) error {
	if form.Began == "" || form.Began == began(now) {
		return nil
	}
	e := &StaleError{Began: began(now), Differ: differ(form, now)}
	since, err := strconv.ParseInt(form.Began, 10, 64)
	if now == nil || err == nil && now.ChangedAt.UnixMicro() < since { // what stands now is older: a draft was discarded
		return e
	}
	e.At = now.ChangedAt
	if e.By, err = savedBy(ctx, tx, now); err != nil {
		return err
	}
	return e
}

// savedBy is the user name of who saved g; empty where there is no g, or nobody knows.
func savedBy(ctx context.Context, tx Tx, g *sallyport.Gateway) (string, error) {
	if g == nil || g.ChangedBy == "" {
		return "", nil
	}
	t, err := tx.Technician(ctx, g.ChangedBy)
	if sallyport.KindOf(err) == sallyport.NotFound {
		return "", nil
	}
	return t.UserName, err
}

// differ compares what stands now with what was typed.
func differ(form Form, now *sallyport.Gateway) (rows []Difference) {
	if now == nil {
		now = &sallyport.Gateway{}
	}
	k, _ := kindOf(form.Channel, form.Kind)
	if now.Kind != form.Kind {
		was, _ := kindOf(form.Channel, now.Kind)
		rows, now = append(rows, Difference{"kind", "Gateway", was.Label, k.Label}), &sallyport.Gateway{}
	}
	for _, f := range k.Fields {
		theirs, yours := now.Settings[f.Name], clean(f, form.Values[f.Name])
		if !f.Secret && theirs != yours {
			rows = append(rows, Difference{f.Name, f.Label, shownValue(f, theirs), shownValue(f, yours)})
		}
	}
	return rows
}

// shownValue is a value as the form shows it.
func shownValue(f FormField, v string) string {
	for _, c := range f.Choices {
		if c.Value == v {
			return c.Label
		}
	}
	return v
}
