package web

import (
	"context"
	"errors"
	"net/http"

	"sallyport"
)

// Visitor is who is signed in: the answer of Options.Identify, made once for each request of a route that needs it.
type Visitor struct {
	Technician sallyport.Technician
	Session    sallyport.Session
	Role       sallyport.Role
}

// Identify finds the live session of a token and its technician and role. It answers sallyport.ErrUnauthorized where
// there is none, and any other error where it could not look, which is a refusal too.
type Identify func(ctx context.Context, t sallyport.Token) (Visitor, error)

// VisitorOf is who is signed in. It is the zero Visitor in handlers of routes for Anyone.
func VisitorOf(r *http.Request) Visitor { return contextOf(r).visitor }

// ActorOf is the actor that a handler gives to a use case: the technician who is signed in, or nobody.
func ActorOf(r *http.Request) sallyport.Actor {
	c := contextOf(r)
	if c.visitor.Technician.ID == "" {
		return sallyport.Actor{Kind: sallyport.ActorNobody, Client: c.client}
	}
	return sallyport.Actor{
		Kind:     sallyport.ActorTechnician,
		ID:       c.visitor.Technician.ID,
		Session:  c.visitor.Session.Hash,
		ProvedAt: c.visitor.Session.ProvedAt,
		EndsAt:   c.visitor.Session.ExpiresAt,
		Name:     c.visitor.Technician.UserName,
		Client:   c.client,
	}
}

// identify fills in the visitor where the route needs one, and judges the role.
func (s *Site) identify(c *requestContext, r *http.Request, need Need) error {
	if need == Anyone {
		return nil
	}
	if s.opt.Identify == nil {
		return errors.New("web: a route needs a session, but nothing can find one")
	}
	token, ok := s.cookies.Session.Read(r)
	if !ok {
		return sallyport.ErrUnauthorized
	}
	v, err := s.opt.Identify(r.Context(), token)
	if err != nil {
		return err
	}
	if v.Technician.ID == "" {
		return sallyport.ErrUnauthorized
	}
	c.visitor = v
	if need != SignedIn && !v.Role.Has(sallyport.Permission(need)) {
		return sallyport.ErrForbidden
	}
	return nil
}
