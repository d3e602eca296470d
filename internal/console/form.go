package console

import (
	"net/http"
	"net/url"

	"sallyport"
	"sallyport/internal/view"
	"sallyport/internal/web"
)

// formHandler answers a POST whose fields were read and known.
type formHandler func(w http.ResponseWriter, r *http.Request, f web.Form) error

// form reads the fields of a POST and calls h. When h wants a fresh proof, what was typed is kept, the browser goes to
// the page that asks for one, and comes back to a page that still has the form.
func (c *Console) form(fields []string, h formHandler) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		f, err := web.ReadForm(r, fields...)
		if err != nil {
			return err
		}
		err = h(w, r, f)
		if sallyport.KindOf(err) == sallyport.StepUp {
			return c.park(w, r, fields, f)
		}
		return err
	}
}

// refused renders p with what was wrong. Only errors that somebody at the desk can do something about become a page of
// their form; the rest are answered by the site.
func (c *Console) refused(w http.ResponseWriter, r *http.Request, err error, draw func(*view.Problem) (view.Page, error)) error {
	switch sallyport.KindOf(err) {
	case sallyport.Invalid, sallyport.Conflict, sallyport.Forbidden, sallyport.Gone, sallyport.TooMany, sallyport.Unavailable:
	default:
		return err
	}
	problem := view.ProblemOf(err, c.now())
	problem.RequestID = web.Fault(r, err)
	page, drawErr := draw(problem)
	if drawErr != nil {
		return drawErr
	}
	web.RetryAfter(w.Header(), err)
	return c.pages.Render(w, web.Status(err), page)
}

// wrong is the message at the field called name, empty when it is right.
func wrong(p *view.Problem, name string) string { return p.For(name).Message }

// see sends the browser to path, where the answer is shown once it has arrived.
func (c *Console) see(w http.ResponseWriter, r *http.Request, path string, a view.Answer) error {
	u, err := url.Parse(path)
	if err != nil {
		return err
	}
	q := u.Query()
	id, err := c.answers.put(r.Context(), web.VisitorOf(r).Technician.ID, a)
	if err != nil {
		return err
	}
	q.Set("answer", id)
	u.RawQuery = q.Encode()
	return web.See(w, r, u.String())
}

// done is an Answer that all is well.
func done(line string, items ...string) view.Answer {
	return view.Answer{Kind: "good", Line: line, Items: items}
}
