package smpp

import (
	"crypto/rand"
	"errors"
	"regexp"
	"strings"

	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"

	"sallyport"
)

// What one short message holds (3GPP TS 23.038 section 4 and TS 23.040 section 9.2.3.24.1): 160 septets or 140 octets,
// less by the 6 octets of a header where it is a part of a longer text. A septet goes to the server as an octet, and the
// server packs it.
const (
	gsmWhole, gsmPart = 160, 153
	ucsWhole, ucsPart = 140, 134
)

// mostParts is how many short messages one text may take. Sallyport's own take one, or two with a long name in letters
// that the GSM alphabet lacks.
const mostParts = 8

// Types of number and numbering plans (SMPP 3.4 sections 5.2.5 and 5.2.6).
const (
	unknown       = 0
	international = 1
	alphanumeric  = 5
	isdn          = 1 // E.164
)

var (
	number = regexp.MustCompile(`^[1-9][0-9]{2,14}$`)
	digits = regexp.MustCompile(`^[0-9]{1,15}$`)
	name   = regexp.MustCompile(`^[A-Za-z0-9 ]{1,11}$`)
)

// source is the address that messages come from: a number with its country code after a plus sign is international,
// digits alone are what the server takes them for, a short code or a number of its own, and a name is a name.
func source(sender string) (pdu.Address, error) {
	plain, plus := strings.CutPrefix(sender, "+")
	switch {
	case plus && number.MatchString(plain):
		return pdu.NewAddressWithTonNpiAddr(international, isdn, plain)
	case digits.MatchString(sender):
		return pdu.NewAddressWithTonNpiAddr(unknown, unknown, sender)
	case name.MatchString(sender):
		return pdu.NewAddressWithTonNpiAddr(alphanumeric, unknown, sender)
	}
	return pdu.Address{}, errors.New("smpp: the sender is neither a number nor a name of up to 11 letters and digits")
}

// parts makes the requests for m: one, or several that the phone puts together by the header in front of each. Its error is
// a *sallyport.SendError.
func (s *Sender) parts(m sallyport.Text) ([]*pdu.SubmitSM, error) {
	to, plus := strings.CutPrefix(m.To, "+")
	if !plus || !number.MatchString(to) {
		return nil, unfit("bad_number", errors.New("smpp: the number is not in E.164"),
			"This is not a phone number with its country code. An administrator must look at it.")
	}
	coding, bodies, err := encode(m)
	if err == nil && len(bodies) > mostParts {
		err = errors.New("smpp: the text takes too many short messages")
	}
	list := make([]*pdu.SubmitSM, len(bodies))
	for i := 0; i < len(bodies) && err == nil; i++ {
		list[i], err = s.request(to, coding, bodies[i])
	}
	if err != nil {
		return nil, unfit("refused", err, "The text cannot be written in a text message, or is too long for one. An administrator must look at the organisation's name.")
	}
	if len(list) > 1 {
		concatenate(list)
	}
	return list, nil
}

// request is a submit_sm (SMPP 3.4 section 4.4.1) with what it leaves out at its default: at once, no delivery report.
func (s *Sender) request(to string, coding data.Encoding, body []byte) (*pdu.SubmitSM, error) {
	p := pdu.NewSubmitSM().(*pdu.SubmitSM)
	p.SourceAddr = s.from
	var err error
	if p.DestAddr, err = pdu.NewAddressWithTonNpiAddr(international, isdn, to); err != nil {
		return nil, err
	}
	return p, p.Message.SetMessageDataWithEncoding(body, coding)
}

// concatenate puts the header in front of each part (SMPP 3.4 section 5.2.12, 3GPP TS 23.040 section 9.2.3.24.1). Its
// reference tells the parts of this text from those of another on the same phone.
func concatenate(parts []*pdu.SubmitSM) {
	var reference [1]byte
	rand.Read(reference[:])
	for i, p := range parts {
		p.EsmClass = data.SM_UDH_GSM
		p.Message.SetUDH(pdu.UDH{pdu.NewIEConcatMessage(byte(len(parts)), byte(i+1), reference[0])})
	}
}

func unfit(code string, cause error, hint string) *sallyport.SendError {
	return &sallyport.SendError{Outcome: sallyport.NotSent, Permanent: true, Code: code, Cause: cause, Hint: hint}
}

// encode writes m's text in the GSM alphabet or in UTF-16, cut where a short message is full: never inside a letter,
// which may take two septets or a pair of surrogates. The library's own cutting counts septets as octets, so that a text
// of 141 letters would become two messages.
func encode(m sallyport.Text) (data.Encoding, [][]byte, error) {
	coding, whole, part := data.UCS2, ucsWhole, ucsPart
	if m.GSM {
		coding, whole, part = data.GSM7BIT, gsmWhole, gsmPart
	}
	all := []byte{}
	var bodies [][]byte
	var body []byte
	for _, r := range m.Text {
		letter, err := coding.Encode(string(r))
		if err != nil {
			return nil, nil, errors.New("smpp: the text has a letter that is not in the GSM alphabet")
		}
		all = append(all, letter...)
		if len(body)+len(letter) > part {
			bodies, body = append(bodies, body), nil
		}
		body = append(body, letter...)
	}
	if len(all) <= whole {
		return coding, [][]byte{all}, nil
	}
	return coding, append(bodies, body), nil
}
