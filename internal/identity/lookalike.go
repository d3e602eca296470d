package identity

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Skeleton is what a name looks like: two names with one skeleton can be taken for each other (after UTS 39 section 4,
// with a table of our own of what can stand for the letters of Latin names). It is compared, never shown.
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

// The first lines are the scripts that names are imitated with most. Then come the other letters that Unicode's list of
// confusable characters (UTS 39) holds to look like letters, digits or signs of an ASCII name.
//
// The right-hand sides are themselves brought to what they look like: m is rn, w is vv, zero is o, one is l.
const lookalikes = `
0o 1l mrn wvv |l ßss ẞss æae œoe ĳij ǌnj
аa еe оo рp сc уy хx іi јj ѕs ԁd һh ԛq ԝvv ѡvv ѵv гr пn иu ьb ҽe ԍg ɡg ӏl қk ңh вb кk тt нh мrn юlo ыbl
Аa Вb Еe Кk Мrn Нh Оo Рp Сc Тt Уy Хx Іi Јj Ѕs Ԁd Һh Ԛq Ԝvv Ѵv Ӏl Қk Ңh
αa βb γy εe ηn ιi κk νv οo πn ρp σo ςc τt υu χx ωvv ϲc ϳj
Αa Βb Εe Ζz Ηh Ιi Κk Μrn Νn Οo Ρp Τt Υy Χx Ϲc Ϳj
օo ոn սu հh ցg զq յj ղn քp աvv Տs Օo Սu Լl
ıi ȷj ɑa ɩi ɪi ʟl ʀr ʏy ɴn ɢg ʙb ʜh ᴀa ᴄc ᴅd ᴇe ᴊj ᴋk ᴍrn ᴏo ᴘp ᴛt ᴜu ᴠv ᴡvv ᴢz ꜱs øo đd ħh łl ŧt ƀb ɓb ƈc ɗd ƒf ɠg ƙk ƥp ƭt ȥz ɛe ɯrn
Ƅb ƍg Ƨ2 Ƴ'y Ʒ3 Ƽ5 ƽs ǀl ǁll Ȝ3 Ȣ8 ȣ8 ɣy ʋu ʣdz ʦts ʪls ʫlz ᴑo ᴦr ᵫue ᶃg ᶌy ẝf ỿy Ꜩt3 Ꜳaa ꜳaa Ꜵao ꜵao Ꜷau ꜷau Ꜹav ꜹav Ꜻav ꜻav Ꜽay ꜽay
Ꝏoo ꝏoo Ꝛ2 Ꝫ3 Ꝯ9 ꝷtf Ꞙf ꞙf ꞟu Ɜ3 Ʝj Ꭓx Ꞵb ꬲe ꬵf ꬽo ꭇr ꭈr ꭎu ꭒu ꭚy ꭣuo ʹ' ʺ'' ʻ' ʼ' ʽ' ʾ' ˈ' ˊ' ˋ' ˮ'' ꞌ'
Ϝf Ϩ2 Ϻrn З3 б6 ґr' Үy үy Ӕae ӕae Ӡ3 Ꙅ2 ꙇi Ꚙoo ꚙoo գq ռn ଠo ഠo ဝo ყy ჿo ሀu ዐo
ⲅr Ⲏh Ⲓl Ⲕk Ⲙrn Ⲛn Ⲟo ⲟo Ⲣp ⲣp Ⲥc ⲥc Ⲧt Ⲩy Ⲭx Ⲻ- Ⳋ9 Ⳍ3 Ⳑl Ⳓ6 ⴸv ⴹe ⵏl ⵔo ⵕq ⵝx
Ꭰd Ꭱr Ꭲt Ꭴo' Ꭵi ꭵi Ꭹy Ꭺa Ꭻj Ꭼe Ꮃvv ꮃvv Ꮇrn Ꮋh Ꮍy Ꮐg Ꮒh Ꮓz ꮓz Ꮞ4 Ꮟb Ꮢr ꮁr Ꮤvv Ꮥs Ꮩv ꮩv Ꮪs ꮪs Ꮮl Ꮯc ꮯc Ꮲp Ꮶk Ꮷd Ꮾ6 Ᏻg Ᏼb
ᐯv ᑊ' ᑌu ᑧu' ᑭp ᑯd ᑲb ᒆp' ᒇd' ᒈb' ᒍj ᒪl ᒿ2 ᕁx ᕼh ᕽx ᖇr ᖯb ᖴf ᗅa ᗞd ᗪd ᗰrn ᗷb ᚷx ᛁl ᛌ' ᛕk ᛖrn ꛟv
ꓐb ꓑp ꓒd ꓓd ꓔt ꓖg ꓗk ꓙj ꓚc ꓜz ꓝf ꓟrn ꓠn ꓡl ꓢs ꓣr ꓦv ꓧh ꓪvv ꓫx ꓬy ꓮa ꓰe ꓲl ꓳo ꓴu ꓸ. ꓺ..
𐊂b 𐊆e 𐊇f 𐊊l 𐊐x 𐊒o 𐊕p 𐊖s 𐊗t 𐊛+ 𐊠a 𐊡b 𐊢c 𐊥f 𐊫o 𐊰rn 𐊱t 𐊲y 𐊴x 𐋏h 𐌁b 𐌂c 𐌉l 𐌑rn 𐌕t 𐌗x 𐌚8 𐐄o 𐐬o 𐐕c 𐐽c 𐐛l 𐐠s 𐑈s
𐒴r 𐓂o 𐓪o 𐓎u 𐓶u 𐓒7 𐔓n 𐔖o 𐔘k 𐔜c 𐔝v 𐔥f 𐔦l 𐔧x 𑜀rn 𑜆v 𑜊vv 𑜎vv 𑜏vv 𑢠v 𑢢f 𑢣l 𑢤y 𑢦e 𑢩z 𑢬9 𑢮e 𑢯4 𑢲l 𑢵o 𑢸u 𑢻5 𑢼t 𑣀v 𑣁s 𑣂f
𑣃i 𑣄z 𑣆7 𑣈o 𑣊3 𑣌9 𑣕6 𑣖9 𑣗o 𑣘u 𑣜y 𖼈v 𖼊t 𖼖l 𖼨l 𖼵r 𖼺s 𖼻3 𖽀a 𖽂u 𖽃y
`
