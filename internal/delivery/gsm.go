package delivery

import (
	"fmt"
	"strings"
)

// textLimit is how many septets one text message holds (3GPP TS 23.038, 6.1.2.1).
const textLimit = 160

// codeText is the text of a code's text message.
func codeText(m CodeMessage) string {
	life := minutes(m.Life)
	return fitting(m,
		fmt.Sprintf("%s is your %s sign-in code. Valid %s. Never share it.", m.Code, oneLine(m.Organisation), life),
		fmt.Sprintf("%s is your sign-in code. Valid %s. Never share it.", m.Code, life),
		m.Code+" is your sign-in code.",
		"Your sign-in code")
}

// fitting is the first of texts that fits into one message with the last line, which is the origin-bound code of the
// WICG's "SMS one-time codes", so that a phone offers it only on that host. The organisation's name, in the first text
// alone, goes first where it is too long or not in the GSM alphabet; the last line goes never while the host is a host name
// that leaves room for the code. Without it, it is the second text.
func fitting(m CodeMessage, texts ...string) string {
	last := "\n\n@" + strings.ToLower(m.Host) + " #" + m.Code
	for _, text := range texts {
		if n, ok := septets(text + last); ok && n <= textLimit {
			return text + last
		}
	}
	return texts[1]
}

// gsmBasic and gsmExtended are the GSM 7 bit default alphabet and its extension (3GPP TS 23.038, 6.2.1), the
// extension's letters taking two septets.
const (
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtended = "\f^{}\\[~]|€"
)

// septets counts what s takes in the GSM alphabet, false when it is not written in it.
func septets(s string) (int, bool) {
	n := 0
	for _, r := range s {
		switch {
		case strings.ContainsRune(gsmBasic, r):
			n++
		case strings.ContainsRune(gsmExtended, r):
			n += 2
		default:
			return 0, false
		}
	}
	return n, true
}
