package attack

import "net/http"

type canaries struct{}

func (c *canaries) saw(*http.Response, answer) {}
