package knowledge

import (
	"fmt"
	"strings"
	"testing"
)

const shop = `# Delivery
Orders are delivered within three working days.

Express delivery costs 12 euros.

# Returns
Goods can be sent back within thirty days. The refund is paid to the card that was used, which takes a week at the longest, and nothing is asked about the reason why somebody does not want to keep what they have bought from us.

The buyer pays for the parcel unless the goods were damaged when they arrived; then we do, and send a label by e-mail that only has to be printed and put on the parcel.

# Öffnungszeiten
Unsere Geschäfte sind montags bis samstags von neun bis zwanzig Uhr geöffnet. Kundenparkplätze gibt es im Hof.

# שירות
שירות הלקוחות עונה בעברית בימים ראשון עד חמישי.

# Garantía
La garantía de los electrodomésticos es de dos años.

# 保証
電気製品の保証期間は二年です。修理は無料です。

# Ремонт
Ремонт велосипедов занимает пять дней.`

// TestSearch: inflections, compounds, accents and scripts of any language are found by what was said.
func TestSearch(t *testing.T) {
	t.Parallel()
	x := New(shop)
	for words, want := range map[string]string{
		"how long does it take until you deliver my order?": "Delivery", "what would an express delivery cost": "Delivery", "can I return it and get refunded": "Returns",
		"who pays for the damaged one": "Returns", "wann haben Sie samstags offen, also die Öffnungszeit": "Öffnungszeiten", "WANN GEOFFNET?": "Öffnungszeiten",
		"haben Sie Parkplätze": "Öffnungszeiten", "באיזה ימים עובד שירות לקוחות": "שירות", "cuanto dura la garantia del electrodoméstico": "Garantía",
		"修理の保証はどのくらいですか": "保証", "сколько занимает ремонт велосипеда": "Ремонт",
	} {
		found := x.Search([]Query{{Words: words, Weight: 1}}, 1, 1000)
		if len(found) != 1 || found[0].Heading != want {
			t.Errorf("%q: %+v, want %s", words, found, want)
		}
	}
	for _, words := range []string{"", "?!", "xyzzy qqq"} {
		if found := x.Search([]Query{{Words: words, Weight: 1}}, 3, 1000); len(found) != 0 {
			t.Errorf("%q: %+v", words, found)
		}
	}
	// What was said before helps a question that does not say what it is about, and yields to one that does.
	before := Query{Words: "You can send goods back within thirty days.", Weight: 0.3}
	if found := x.Search([]Query{{Words: "and how is it paid?", Weight: 1}, before}, 1, 1000); found[0].Heading != "Returns" {
		t.Errorf("%+v", found)
	}
	if found := x.Search([]Query{{Words: "what about the express delivery", Weight: 1}, before}, 1, 1000); found[0].Heading != "Delivery" {
		t.Errorf("%+v", found)
	}
}

// TestSearchIsBounded: in passages and in characters, however long the text.
func TestSearchIsBounded(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for n := range 3000 {
		fmt.Fprintf(&text, "Article %d costs %d euros and is delivered from the store in the city of number %d.\n\n", n, 2*n, n)
	}
	text.WriteString(strings.Repeat("é", 2000) + strings.Repeat(" word", 3000))
	x := New(text.String())
	found := x.Search([]Query{{Words: "what does article 1234 cost?", Weight: 1}}, 5, 1500)
	length := 0
	for _, p := range found {
		length += len([]rune(p.Text))
		if len([]rune(p.Text)) > longestPassage {
			t.Errorf("a passage of %d characters", len([]rune(p.Text)))
		}
	}
	if len(found) == 0 || len(found) > 5 || length > 1500 || !strings.Contains(found[0].Text, "Article 1234 ") {
		t.Errorf("%d passages of %d characters: %.200v", len(found), length, found)
	}
	for n, p := range x.Passages() {
		if p.Number != n+1 || strings.TrimSpace(p.Text) == "" {
			t.Fatalf("%+v", p)
		}
	}
	if empty := New(" \n\n# Heading\n"); len(empty.Passages()) != 0 || empty.Search([]Query{{Words: "heading", Weight: 1}}, 3, 100) != nil {
		t.Errorf("%+v", empty.Passages())
	}
	New(strings.Repeat("\xff\xfe…", 1_000_000)) // neither is it held up by what is no text
}

// TestSource: an answer's source is the passage that it shares most with; small talk has none.
func TestSource(t *testing.T) {
	t.Parallel()
	x := New(shop)
	for sentence, want := range map[string]string{
		"Your order is delivered within three working days.": "Delivery", "You can send the goods back within thirty days.": "Returns",
		"La garantía es de dos años.": "Garantía", "電気製品の保証期間は二年です。": "保証",
		"Would you like me to call you tomorrow afternoon?": "", "Thank you very much, goodbye.": "", "Yes.": "", "": "",
	} {
		got, ok := x.Source(sentence, x.Passages())
		if ok != (want != "") || ok && got.Heading != want {
			t.Errorf("%q: %v %+v, want %q", sentence, ok, got, want)
		}
	}
	if got, ok := x.Source("Your order is delivered within three working days.", x.Passages()[4:]); ok {
		t.Errorf("from a passage that was not given: %+v", got)
	}
}
