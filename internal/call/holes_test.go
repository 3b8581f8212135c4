package call

import "testing"

// What people hear and read where variables have no value.
func TestFillSpoken(t *testing.T) {
	t.Parallel()
	known := map[string]string{"company": "Acme", "first": "Joe", "blank": " ", "not a variable": "x"}
	value := func(id string) (string, bool) { v, ok := known[id]; return v, ok }
	for text, want := range map[string]string{
		// nothing is missing: nothing changes
		"Hello  {first} , this is {company} .": "Hello  Joe , this is Acme .",
		"{no variable at all} {} {first}":      "{no variable at all} {} Joe",
		// who calls
		"Hello, this is {agent} from {company}.":                          "Hello, this is Acme.",
		"Hello, this is {agent} from {company}. Would you like an offer?": "Hello, this is Acme. Would you like an offer?",
		"Hello, this is Nora from {none}.":                                "Hello, this is Nora.",
		"Hello, this is {agent}. I am calling about your plan.":           "Hello. I am calling about your plan.",
		"Hello, this is {agent} from {none}. May we call?":                "Hello. May we call?",
		"{agent} of {company} here.":                                      "Acme here.",
		"This is {agent}, the assistant of {company}.":                    "The assistant of Acme.",
		"I am calling on behalf of {none}.":                               "I am calling.",
		"Hola, habla {agent} de {company}.":                               "Hola, habla Acme.",
		"Hallo, hier ist {agent} von {company}.":                          "Hallo, hier ist Acme.",
		"Bonjour, c'est {agent} de {company}.":                            "Bonjour, c'est Acme.",
		"שלום, זו {agent} של {company}.":                                  "שלום, זו Acme.",
		// who is called
		"Hello {gone}, this is {company}.":            "Hello, this is Acme.",
		"Hello {first} {gone}, this is {company}.":    "Hello Joe, this is Acme.",
		"Hello, {gone}! How are you?":                 "Hello! How are you?",
		"{gone}, this is {company}.":                  "This is Acme.",
		"Good morning Mr. {gone}, this is {company}.": "Good morning, this is Acme.",
		"Guten Tag Frau {gone}, hier ist {company}.":  "Guten Tag, hier ist Acme.",
		"Am I speaking with {gone}? It is {company}.": "It is Acme.",
		"Is this {gone}? It is {company}.":            "It is Acme.",
		"Hi {blank}!":                                 "Hi!",
		// what it is about
		"This is {company} about your {plan}. Please call us.": "This is Acme. Please call us.",
		"We call about your order {number}, which is ready.":   "We call about your order, which is ready.",
		"Your {car} is ready. {company} thanks you.":           "Acme thanks you.",
		"You ordered on {day}; shall we deliver?":              "You ordered; shall we deliver?",
		"{product} is sold out, but there is more.":            "But there is more.",
		"Would you like to hear more about {product}?":         "Would you like to hear more?",
		// of several lines, as e-mails have
		"Dear {gone},\n\nyour plan {plan} ends.\n\n{agent}": "Dear,\n\nyour plan ends.\n\n",
		// nothing else is there
		"{gone}":             "",
		"This is {agent}.":   "This is.",
		"{gone}, {agent} …!": "",
	} {
		if got := FillSpoken(text, value); got != want {
			t.Errorf("%q became\n%q, want\n%q", text, got, want)
		}
	}
}
