package console

import (
	"net/http"

	"sallyport"
	"sallyport/internal/view"
	"sallyport/internal/web"
)

// help is the tab with those who pressed "I need help".
func (c *Console) help(w http.ResponseWriter, r *http.Request) error {
	open, err := c.accounts.OpenHelp(r.Context(), web.ActorOf(r))
	if err != nil {
		return err
	}
	counts, err := c.counts(r)
	if err != nil {
		return err
	}
	desk, err := c.teamDesk(r, "help", counts)
	if err != nil {
		return err
	}
	page := view.Help{Desk: desk}
	for _, h := range open {
		page.Rows = append(page.Rows, view.HelpRow{ID: h.ID, Number: h.Number, TechnicianID: string(h.Technician), Name: h.Name, UserName: h.UserName,
			Note: h.Note, From: h.Address, Browser: h.Browser, Asked: desk.When(h.CreatedAt), MayEdit: h.MayEdit, MayReset: h.MayReset})
	}
	if len(page.Rows) == 0 {
		page.Empty = &view.Empty{Title: "Nobody needs help", Text: "Whoever presses “I need help” at the code page stands here, with a number to be read out to you."}
	}
	return c.pages.Render(w, http.StatusOK, page)
}

func (c *Console) finishHelp(w http.ResponseWriter, r *http.Request, _ web.Form) error {
	switch err := c.accounts.FinishHelp(r.Context(), web.ActorOf(r), r.PathValue("id")); {
	case sallyport.KindOf(err) == sallyport.NotFound:
		return c.see(w, r, "/admin/help", view.Answer{Line: "That request had been closed already."})
	case err != nil:
		return err
	}
	return c.see(w, r, "/admin/help", done("Done. The request is closed."))
}
