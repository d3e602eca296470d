package console

import (
	"net/http"

	"sallyport"
	"sallyport/internal/web"
)

// Routes is every Admin page with the permission it needs. testdata/routes.golden is its copy.
func (c *Console) Routes() []web.Route {
	var table []web.Route
	table = append(table, c.technicianRoutes()...)
	table = append(table, c.actRoutes()...)
	table = append(table, c.teamRoutes()...)
	table = append(table, c.recordRoutes()...)
	table = append(table, c.gatewayRoutes(emailPage)...)
	table = append(table, c.gatewayRoutes(smsPage)...)
	return append(table,
		web.Route{Method: http.MethodGet, Pattern: "/admin", Needs: web.SignedIn, Handler: c.home},
		web.Route{Method: http.MethodGet, Pattern: "/admin/resume/{id}", Needs: web.SignedIn, Handler: c.resume},
	)
}

func get(pattern string, needs sallyport.Permission, h web.Handler) web.Route {
	return web.Route{Method: http.MethodGet, Pattern: pattern, Needs: web.Permission(needs), Handler: h}
}

// leaving is a route that leaves an event, though it is but a GET.
func leaving(r web.Route) web.Route {
	r.Leaves = true
	return r
}

func post(pattern string, needs sallyport.Permission, h web.Handler) web.Route {
	return web.Route{Method: http.MethodPost, Pattern: pattern, Needs: web.Permission(needs), Handler: h}
}

func (c *Console) technicianRoutes() []web.Route {
	const read, write = sallyport.ReadTechnicians, sallyport.WriteTechnicians
	return []web.Route{
		get("/admin/technicians", read, c.technicians),
		get("/admin/roles", read, c.roles),
		get("/admin/invitations", read, c.invitations),
		get("/admin/technicians/new", write, c.addForm),
		post("/admin/technicians/new", write, c.form(technicianFields, c.add)),
		post("/admin/technicians/new/preview", write, c.form(technicianFields, c.addPreview)),
		get("/admin/technicians/{id}", read, c.editForm),
		post("/admin/technicians/{id}", write, c.form(editFields, c.save)),
		post("/admin/technicians/{id}/preview", write, c.form(editFields, c.preview)),
	}
}

func (c *Console) actRoutes() []web.Route {
	const write = sallyport.WriteTechnicians
	var table []web.Route
	for _, a := range c.actsOnOne() {
		path := "/admin/technicians/{id}/" + a.name
		table = append(table, get(path, a.needs, c.ask(a)), post(path, a.needs, c.form(a.fields(), c.do(a))))
	}
	return append(table,
		get("/admin/resets", write, c.resets),
		get("/admin/resets/{id}", write, c.resetForm),
		post("/admin/resets/{id}", write, c.form(nil, c.approveReset)),
		post("/admin/resets/{id}/deny", write, c.form(nil, c.denyReset)),
		get("/admin/help", write, c.help),
		post("/admin/help/{id}", write, c.form(nil, c.finishHelp)),
	)
}

func (c *Console) teamRoutes() []web.Route {
	const write = sallyport.WriteTechnicians
	upload := post("/admin/technicians/import/preview", write, c.importPreview)
	upload.Types, upload.Body = []string{web.MultipartType}, importBody
	paste := post("/admin/technicians/import", write, c.form([]string{"csv"}, c.importSave))
	paste.Body = 4 * importBody // percent encoding makes it longer
	return []web.Route{
		get("/admin/technicians/import", write, c.importForm), upload, paste,
		post("/admin/rollouts", write, c.form([]string{"id*", "all"}, c.chooseTeam)),
		get("/admin/rollouts/{id}", write, c.rollout),
		post("/admin/rollouts/{id}/preview", write, c.form([]string{"method"}, c.rolloutPreview)),
		post("/admin/rollouts/{id}", write, c.form([]string{"method"}, c.rolloutSave)),
	}
}

func (c *Console) recordRoutes() []web.Route {
	return []web.Route{
		get("/admin/sessions", sallyport.ReadSessions, c.sessions),
		post("/admin/sessions/end", sallyport.EndSessions, c.form([]string{"session", "back"}, c.endSession)),
		get("/admin/audit", sallyport.ReadAudit, c.audit),
		get("/admin/audit/figures", sallyport.ReadAudit, c.figures),
		leaving(get("/admin/audit.csv", sallyport.ExportAudit, c.exportCSV)),
		leaving(get("/admin/audit.jsonl", sallyport.ExportAudit, c.exportLines)),
		leaving(get("/admin/audit/{id}/proof", sallyport.ExportAudit, c.proof)),
		post("/admin/notices/{id}", sallyport.ManageSuperAdmins, c.form(nil, c.ackNotice)),
	}
}

func (c *Console) gatewayRoutes(p gatewayPage) []web.Route {
	return []web.Route{
		get(p.path, p.needs, c.gateway(p)),
		post(p.path, p.needs, c.form(append(p.formFields(), secretsLost+"*"), c.saveDraft(p))),
		post(p.path+"/test", p.needs, c.form([]string{"to", "version"}, c.testDraft(p))),
		post(p.path+"/confirm", p.needs, c.form([]string{"code"}, c.confirmTest(p))),
		post(p.path+"/discard", p.needs, c.form([]string{"version"}, c.discardDraft(p))),
		get(p.path+"/remove", p.needs, c.removeForm(p)),
		post(p.path+"/remove", p.needs, c.form([]string{"version"}, c.removeGateway(p))),
	}
}
