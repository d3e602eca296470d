package smpp

import (
	"errors"
	"io"
	"net"

	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"
)

// answerLimit bounds what a server may say in one connection, in bytes: the answers to a message are a few hundred.
const answerLimit = 64 << 10

// headerSize is the size of a PDU's header, and so of the shortest PDU (SMPP 3.4 section 3.2).
const headerSize = 16

var (
	errGarbage = errors.New("what came is no SMPP")
	errTooMuch = errors.New("the server says too much")
	errUnbound = errors.New("the server ended the session")
	errUnclear = errors.New("the server refused what it calls no error")
)

// line is one connection with its one request at a time.
type line struct {
	conn     net.Conn
	in       io.LimitedReader
	sequence int32 // of the last request; they begin at 1 (SMPP 3.4 section 2.2.1 and 3.2)
	broken   bool  // nothing more can be said
}

func newLine(conn net.Conn) *line {
	return &line{conn: conn, in: io.LimitedReader{R: conn, N: answerLimit}}
}

// answer is what a server said to a request.
type answer struct {
	status data.CommandStatusType
	nack   bool // a generic_nack (SMPP 3.4 section 4.3)
}

// ask sends a request and waits for the answer with its number. Meanwhile enquire_link is answered (SMPP 3.4 section 4.11)
// and an unbind is too, after which there is no session; whatever else comes is passed over: answers to what nobody asked,
// and requests that a transmitter does not get. An error means that no answer came; there is none to hope for then.
func (l *line) ask(request pdu.PDU) (a answer, err error) {
	defer func() { l.broken = l.broken || err != nil }()
	l.sequence++
	request.SetSequenceNumber(l.sequence)
	if err := l.say(request); err != nil {
		return answer{}, err
	}
	expected := request.GetHeader().CommandID | data.GENERIC_NACK // the first bit makes a request's command its answer's
	for {
		h, err := l.hear()
		if err != nil {
			return answer{}, err
		}
		ours := h.SequenceNumber == l.sequence
		switch h.CommandID {
		case data.GENERIC_NACK:
			if ours || h.SequenceNumber == 0 { // 0: the number could not be read (SMPP 3.4 section 4.3.1)
				return answer{status: h.CommandStatus, nack: true}, nil
			}
		case expected:
			if ours {
				return answer{status: h.CommandStatus}, nil
			}
		case data.ENQUIRE_LINK:
			err = l.reply(pdu.NewEnquireLinkResp(), h)
		case data.UNBIND:
			l.reply(pdu.NewUnbindResp(), h)
			err = errUnbound
		}
		if err != nil {
			return answer{}, err
		}
	}
}

func (l *line) reply(p pdu.PDU, to pdu.Header) error {
	p.SetSequenceNumber(to.SequenceNumber)
	return l.say(p)
}

func (l *line) say(p pdu.PDU) error {
	b := pdu.NewBuffer(nil)
	p.Marshal(b)
	_, err := l.conn.Write(b.Bytes())
	return err
}

// hear reads one PDU. Its header says all that is asked of it, so the body is passed over unread, whatever it holds:
// servers disagree about what follows a refusal. The length is believed no further than what a server may say at all, and
// no memory is taken for it.
func (l *line) hear() (pdu.Header, error) {
	var head [headerSize]byte
	if _, err := io.ReadFull(&l.in, head[:]); err != nil {
		return pdu.Header{}, l.cut(err)
	}
	h := pdu.ParseHeader(head)
	if h.CommandLength < headerSize {
		return pdu.Header{}, errGarbage
	}
	body := int64(h.CommandLength) - headerSize
	if body > l.in.N {
		return pdu.Header{}, errTooMuch
	}
	if _, err := io.CopyN(io.Discard, &l.in, body); err != nil {
		return pdu.Header{}, err
	}
	return h, nil
}

// cut tells a connection that ended from one whose limit is used up, which reads like its end.
func (l *line) cut(err error) error {
	if l.in.N <= 0 {
		return errTooMuch
	}
	return err
}
