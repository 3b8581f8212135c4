package understanding

import "testing"

func TestChoices(t *testing.T) {
	t.Parallel()
	now := tableNow(t)
	l := For("en-US")
	yesNo := []string{"Yes", "No"}
	interest := []string{"Customer is interested", "Customer is not interested", "Already a customer of ours"}
	shop := []string{"Customer asks about prices", "Wants to book a visit", "Something else"}
	for _, c := range []struct {
		names []string
		said  string
		want  int // -1 = none
		sure  bool
	}{
		{yesNo, "sure, why not", 0, true}, {yesNo, "no thanks", 1, true}, {yesNo, "I guess so", 0, false}, {yesNo, "bananas", -1, false},
		{interest, "I'd love to", 0, true}, {interest, "I am not interested", 1, true}, {interest, "I'm already with you", 2, true}, {interest, "no, I'm already a customer", 2, true},
		{shop, "what is the price", 0, true}, {shop, "I'd like to book", 1, true}, {shop, "booking please", 1, true}, {shop, "not the prices, a visit", 1, true}, {shop, "yes", -1, false},
		{[]string{"Sales", "Support"}, "the sales department", 0, true}, {[]string{"Sales", "Support"}, "sales or support", -1, false},
		{[]string{"Wants an offer", "Does not want an offer"}, "yes please", 0, true}, {[]string{"Wants an offer", "Does not want an offer"}, "I don't want it", 1, true},
		{[]string{"Agrees", "Otherwise"}, "yes", -1, false}, {[]string{"Yes", "Otherwise"}, "no", 1, true},
	} {
		n, confidence := l.Choices(c.names).Pick(c.said, now)
		if confidence == NotUnderstood {
			n = -1
		}
		if n != c.want || n >= 0 && (confidence == Sure) != c.sure {
			t.Errorf("%q of %q: %d, %v; want %d", c.said, c.names, n, confidence, c.want)
		}
	}
	for _, c := range []struct {
		names     []string
		undecided int
		yesNo     bool
	}{
		{yesNo, 1, true}, {interest, 1, true}, {shop, 2, false}, {[]string{"Sales", "Support"}, 0, false}, {[]string{"No answer", "Yes", "No"}, 0, true},
	} {
		if got := l.Choices(c.names); got.Undecided() != c.undecided || got.YesNo() != c.yesNo {
			t.Errorf("%q: undecided %d, yes or no %v", c.names, got.Undecided(), got.YesNo())
		}
	}
	for tag, names := range map[string][]string{
		"de": {"Kunde ist interessiert", "Kunde ist nicht interessiert", "Sonst"}, "es": {"Sí", "No", "En otro caso"}, "fr": {"Oui", "Non", "Autre"}, "he": {"מעוניין", "לא מעוניין", "אחרת"},
	} {
		if c := For(tag).Choices(names); c.Of(true) != 0 || c.Of(false) != 1 || c.Undecided() != 2 {
			t.Errorf("%s: %+v", tag, c)
		}
	}
}
