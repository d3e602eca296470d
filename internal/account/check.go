package account

import (
	"context"
	"errors"
	"strings"

	"sallyport"
	"sallyport/internal/identity"
	"sallyport/internal/policy"
)

// draft is a form that was read against a technician: how he would be after it, and what is wrong with it.
type draft struct {
	was   sallyport.Technician // zero when adding
	next  sallyport.Technician
	named bool // with another user name than before, which may be taken
	wrong []sallyport.Field
}

func (d *draft) refuse(field, message string) {
	d.wrong = append(d.wrong, sallyport.Field{Name: field, Message: message})
}

// refuseErr refuses field in the words of err.
func (d *draft) refuseErr(field string, err error) {
	var known *sallyport.Error
	if errors.As(err, &known) {
		d.refuse(field, known.Message)
		return
	}
	d.refuse(field, err.Error())
}

// readForm reads form into a draft. Fields that stay as they are are not judged again.
func readForm(ctx context.Context, tx Tx, w who, was sallyport.Technician, form Form) (draft, error) {
	d := beginForm(w, was, form)
	if err := d.refuseTaken(ctx, tx); err != nil {
		return draft{}, err
	}
	d.finish(w, form)
	return d, nil
}

// beginForm reads what stands before the question whose the user name is: refuseTaken, and finish for what comes after.
func beginForm(w who, was sallyport.Technician, form Form) draft {
	d := draft{was: was, next: was}
	d.readNames(form)
	d.readAddresses(form, w.settings.Country)
	d.readUserName(form)
	return d
}

func (d *draft) finish(w who, form Form) {
	d.readRole(w, form.Role)
	d.readMethod(w, form.Method)
}

func (d *draft) readNames(form Form) {
	for _, part := range []struct {
		field, typed, was string
		at                *string
	}{
		{FieldFirstName, form.FirstName, d.was.FirstName, &d.next.FirstName},
		{FieldLastName, form.LastName, d.was.LastName, &d.next.LastName},
	} {
		if part.typed == part.was {
			continue
		}
		if blank(part.typed) { // nobody needs one: without, he is called by his user name
			*part.at = ""
			continue
		}
		name, err := identity.PersonName(part.typed)
		if err != nil {
			d.refuseErr(part.field, err)
			continue
		}
		*part.at = name
	}
}

func (d *draft) readAddresses(form Form, country string) {
	if form.Email != d.was.Email || form.Email == "" {
		email, err := identity.Email(form.Email)
		if err != nil {
			d.refuseErr(FieldEmail, err)
		} else {
			d.next.Email = email
		}
	}
	switch {
	case form.Phone == d.was.Phone:
	case blank(form.Phone):
		d.next.Phone = ""
	default:
		phone, err := identity.Phone(form.Phone, country)
		if err != nil {
			d.refuseErr(FieldPhone, err)
			return
		}
		d.next.Phone = phone
	}
}

// readUserName takes the email address where none was typed.
func (d *draft) readUserName(form Form) {
	typed := form.UserName
	if blank(typed) && d.was.ID == "" {
		typed = d.next.Email
		if typed == "" {
			return // the email address was refused already
		}
	}
	if typed == d.was.UserName && d.was.ID != "" {
		return
	}
	display, key, skeleton, err := identity.UserName(typed)
	if err != nil {
		d.refuseErr(FieldUserName, err)
		return
	}
	d.next.UserName, d.next.UserNameKey, d.next.Skeleton, d.named = display, key, skeleton, true
}

// names finds who has a user name, or one that looks like it: a Tx, or what was read of it for many at once.
type names interface {
	TechnicianByKey(ctx context.Context, key string) (sallyport.Technician, error)
	TechnicianBySkeleton(ctx context.Context, skeleton string) (sallyport.Technician, error)
}

// refuseTaken refuses a user name that is taken or looks like another.
func (d *draft) refuseTaken(ctx context.Context, of names) error {
	if !d.named {
		return nil
	}
	taken, found, err := other(ctx, of.TechnicianByKey, d.next.UserNameKey)
	switch {
	case err != nil:
		return err
	case found && taken.ID != d.was.ID:
		d.refuse(FieldUserName, msgNameTaken)
		return nil
	}
	like, found, err := other(ctx, of.TechnicianBySkeleton, d.next.Skeleton)
	if found && like.ID != d.was.ID && !(plain(like.UserNameKey) && plain(d.next.UserNameKey)) {
		d.refuse(FieldUserName, msgNameLooks)
	}
	return err
}

// other looks for a technician, and tells "there is none" from "could not look".
func other(ctx context.Context, find func(context.Context, string) (sallyport.Technician, error), by string) (sallyport.Technician, bool, error) {
	t, err := find(ctx, by)
	if err != nil && sallyport.KindOf(err) == sallyport.NotFound {
		return t, false, nil
	}
	return t, err == nil, err
}

// plain reports whether a name has ASCII letters alone: two such names are told apart by looking at them.
func plain(name string) bool {
	return strings.IndexFunc(name, func(r rune) bool { return r >= 0x80 }) < 0
}

func (d *draft) readRole(w who, role sallyport.RoleID) {
	if role == d.was.Role && role != "" {
		return
	}
	switch _, known := sallyport.RoleByID(role); {
	case !known:
		d.refuse(FieldRole, "Please choose one of the roles.")
	case !w.gives(role):
		d.refuse(FieldRole, "Nobody gives a role that may do more than their own.")
	default:
		d.next.Role = role
	}
}

func (d *draft) readMethod(w who, method sallyport.Method) {
	if method == "" && d.was.ID == "" {
		method = sallyport.MethodApp
	}
	if !method.Valid() {
		d.refuse(FieldMethod, "Please choose one of the methods.")
		return
	}
	d.next.Method = method
	if method == d.was.Method {
		d.keepsPhone(w)
		return
	}
	var known *sallyport.Error
	if errors.As(policy.CheckMethod(choiceInput(d.next, w.settings, w.open), method), &known) {
		d.wrong = append(d.wrong, known.Fields...)
	}
}

// keepsPhone refuses to take away the number that the method needs. Whether the channel is still proved is not asked
// again of somebody who has the method already: his name can be corrected while a gateway is being replaced.
func (d *draft) keepsPhone(w who) {
	all := ways{email: true, text: true}
	var known *sallyport.Error
	if d.next.Method == sallyport.MethodText && errors.As(policy.CheckMethod(choiceInput(d.next, w.settings, all), d.next.Method), &known) {
		d.wrong = append(d.wrong, known.Fields...)
	}
}

func choiceInput(t sallyport.Technician, s sallyport.Settings, open ways) policy.ChoiceInput {
	return policy.ChoiceInput{Settings: s, EmailProved: open.email, SMSProved: open.text, Phone: t.Phone, Email: t.Email}
}

func choices(t sallyport.Technician, s sallyport.Settings, open ways) []policy.Choice {
	return policy.Choices(choiceInput(t, s, open))
}

// fields returns the refusal of the draft, nil when nothing is wrong.
func (d *draft) fields() error { return sallyport.InvalidFields(d.wrong) }

// takenField turns the store's refusal of a user name, which two who were faster than each other's look can still
// meet, into the field's.
func takenField(err error) error {
	switch sallyport.CodeOf(err) {
	case "user_name_taken":
		return sallyport.InvalidField(FieldUserName, msgNameTaken)
	case "user_name_look_alike":
		return sallyport.InvalidField(FieldUserName, msgNameLooks)
	}
	return err
}

const (
	msgNameTaken = "Somebody else has this user name already."
	msgNameLooks = "This looks like the user name of somebody else. Please choose another one."
)
