package view

import (
	"errors"
	"strconv"
	"time"

	"sallyport"
)

// Problem is what a page shows above its form when something was refused: the summary that takes the focus, and the
// words beside each wrong field.
type Problem struct {
	Message   string
	Fields    []sallyport.Field
	Labels    map[string]string // what the page calls its fields, where the words at a field do not say which one they mean
	RetryAt   time.Time         // zero: nobody knows
	RequestID string            // for faults of ours, so that the log can be found
}

// ProblemOf makes the Problem of err, nil for nil. Only words that are safe to show get in. now is used to say when to
// try again.
func ProblemOf(err error, now time.Time) *Problem {
	if err == nil {
		return nil
	}
	var e *sallyport.Error
	if !errors.As(err, &e) {
		return &Problem{Message: "Something went wrong on our side. Nothing was changed."}
	}
	p := &Problem{Message: e.Message, Fields: e.Fields}
	if e.RetryAfter > 0 {
		p.RetryAt = now.Add(e.RetryAfter)
	}
	return p
}

// FieldProblem is what is wrong with one field, for the parts "field-error" and "invalid". Message is empty when the
// field is right.
type FieldProblem struct {
	Name    string
	Message string
	Alone   bool // the summary says exactly this, so that the field need not say it again
}

// ID is the id of the element that describes the field's problem.
func (f FieldProblem) ID() string {
	if f.Alone {
		return "problem"
	}
	return f.Name + "-error"
}

// For returns what is wrong with the field called name. It works on a nil Problem, which has nothing wrong.
func (p *Problem) For(name string) FieldProblem {
	if p != nil {
		for _, f := range p.Fields {
			if f.Name == name {
				return FieldProblem{Name: name, Message: f.Message, Alone: p.Only()}
			}
		}
	}
	return FieldProblem{Name: name}
}

// Only reports whether the summary would say the same as the one field does.
func (p *Problem) Only() bool { return len(p.Fields) == 1 && p.Fields[0].Message == p.Message }

func itoa(n int) string { return strconv.Itoa(n) }
