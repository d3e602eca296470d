package identity

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Skeleton is what a name looks like: two names with one skeleton can be taken for each other (after UTS 39 section 4,
// with a table of our own for the scripts that are used to imitate Latin names). It is compared, never shown.
func Skeleton(name string) string {
	var b strings.Builder
	var before rune
	for _, r := range norm.NFKD.String(name) {
		if hiding(r) || r == '\u0307' && (before == 'i' || before == 'j' || before == 'I' || before == '\u0131') {
			continue // a dot on a dotted letter is not seen
		}
		before = r
		b.WriteString(looks(r))
	}
	return norm.NFKD.String(b.String())
}

// looks is what one letter looks like. A capital is looked up before it is made small: capital Eta looks like H, the
// small one like n.
func looks(r rune) string {
	if d, ok := digit(r); ok {
		r = d
	}
	for _, form := range []rune{r, unicode.ToLower(r)} {
		if s, ok := lookalike[form]; ok {
			return s
		}
	}
	return string(unicode.ToLower(r))
}

// lookalike is what the first letter of each word of the table looks like: the rest of that word.
var lookalike = func() map[rune]string {
	m := map[rune]string{}
	for _, word := range strings.Fields(lookalikes) {
		r := []rune(word)
		m[r[0]] = string(r[1:])
	}
	return m
}()

// The right-hand sides are themselves brought to what they look like: m is rn, w is vv, zero is o, one is l.
const lookalikes = `
0o 1l mrn wvv |l ßss ẞss æae œoe ĳij ǌnj
аa еe оo рp сc уy хx іi јj ѕs ԁd һh ԛq ԝvv ѡvv ѵv гr пn иu ьb ҽe ԍg ɡg ӏl қk ңh вb кk тt нh мrn юlo ыbl
Аa Вb Еe Кk Мrn Нh Оo Рp Сc Тt Уy Хx Іi Јj Ѕs Ԁd Һh Ԛq Ԝvv Ѵv Ӏl Қk Ңh
αa βb γy εe ηn ιi κk νv οo πn ρp σo ςc τt υu χx ωvv ϲc ϳj
Αa Βb Εe Ζz Ηh Ιi Κk Μrn Νn Οo Ρp Τt Υy Χx Ϲc Ϳj
օo ոn սu հh ցg զq յj ղn քp աvv Տs Օo Սu Լl
ıi ȷj ɑa ɩi ɪi ʟl ʀr ʏy ɴn ɢg ʙb ʜh ᴀa ᴄc ᴅd ᴇe ᴊj ᴋk ᴍrn ᴏo ᴘp ᴛt ᴜu ᴠv ᴡvv ᴢz ꜱs øo đd ħh łl ŧt ƀb ɓb ƈc ɗd ƒf ɠg ƙk ƥp ƭt ȥz ɛe ɯrn
`
