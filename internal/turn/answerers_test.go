package turn

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestWhoSpeaksByWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		language, words string
		want            speaker
	}{
		{"en", "Hi, if you record your name and reason for calling, I'll see if this person is available.", screener},
		{"en", "Hi, the person you’re calling is using a screening service from Google and will get a copy of this conversation. Go ahead and say your name, and why you’re calling.", screener},
		{"en", "Please state your name after the tone, and Google Voice will try to connect you.", screener},
		{"en", "Hi, I am the digital assistant of John. Who is calling?", screener},
		{"en-GB", "Please say your name and the reason for your call.", screener},
		{"en", "You have reached the Millers. Please leave your name and the reason for your call after the tone.", mailbox},
		{"en", "Please state your name and number after the beep.", mailbox},
		{"en", "Your call has been forwarded to an automated voice messaging system.", mailbox},
		{"en", "John is not available. At the tone, please record your message. When you have finished recording, hang up or press 1 for more options.", mailbox},
		{"en", "I can’t come to the phone right now.", mailbox},
		{"en", "Hi, this is Simon's phone. I will call you back. Please speak after the beep.", mailbox},
		{"en", "This is the answering machine of Peter and Susan. Speak after the signal, please.", mailbox},
		{"en", "No one is available to take your call.", mailbox},
		{"en", "I am on the other line, or away from my desk.", mailbox},
		{"en", "We're sorry. You have reached a number that has been disconnected or is no longer in service.", outOfService},
		{"en", "The number you have dialled has not been recognised.", outOfService},
		{"en", "Your call cannot be completed as dialed.", outOfService},
		{"en", "The number you are calling is temporarily not in service.", somebody},
		{"en", "The subscriber you have called is switched off.", somebody},
		{"en", "For English, press one. For sales press 2.", menu},
		{"en", "Your call is important to us. Press one to continue, or press two to leave your number.", menu},
		{"en", "To leave a message, press one. For anything else, press two.", menu},
		{"en", "Please leave a message. To leave a callback number, press five. For more options, press one.", mailbox},
		{"es", "Para dejar un mensaje, marque uno. Para ventas, marque dos.", menu},
		{"fr", "Pour laisser un message, tapez un. Pour les ventes, tapez deux.", menu},
		{"en", "Press 1 for yes, 2 for no.", somebody},
		{"en", "To accept this call, press one.", somebody},
		// People.
		{"en", "Hello?", somebody},
		{"en", "Hello, who is calling please?", somebody},
		{"en", "Is this an answering machine?", somebody},
		{"en", "I thought you were the answering machine.", somebody},
		{"en", "Who's calling, and why?", somebody},
		{"en", "Are you the virtual assistant of Example Corporation?", somebody},
		{"en", "Can you tell me why you are calling?", somebody},
		{"en", "What is the reason for your call?", somebody},
		{"en", "I don't know why you're calling.", somebody},
		{"en", "Hold on, let me see if he is here.", somebody},
		{"en", "My old number is not in service any more.", somebody},
		{"en", "This number is disconnected, you know.", somebody},
		{"en", "I pressed one and then two.", somebody},
		{"en", "", somebody},
		{"es", "Por favor, deje su mensaje después del tono.", mailbox},
		{"es-MX", "Diga su nombre y el motivo de su llamada.", screener},
		{"es", "El número que usted marcó no existe.", outOfService},
		{"es", "Para ventas, marque uno. Para soporte, marque el dos.", menu},
		{"es", "Mi número no existe.", somebody},
		{"es", "Hola, dígame.", somebody},
		{"fr", "Veuillez laisser un message après le bip.", mailbox},
		{"fr", "Dites votre nom et la raison de votre appel.", screener},
		{"fr", "Le numéro que vous avez composé n’est pas attribué.", outOfService},
		{"fr", "Pour les ventes, tapez un. Pour le service, tapez deux.", menu},
		{"fr", "Allô ?", somebody},
		{"de", "Bitte hinterlassen Sie eine Nachricht nach dem Signalton.", mailbox},
		{"de", "Um eine Nachricht zu hinterlassen, drücken Sie eins. Für den Verkauf drücken Sie zwei.", menu},
		{"de", "Bitte nennen Sie Ihren Namen und den Grund Ihres Anrufs.", screener},
		{"de", "Kein Anschluss unter dieser Nummer.", outOfService},
		{"de", "Für den Verkauf drücken Sie die Eins, für den Service drücken Sie die Zwei.", menu},
		{"de", "Ja, hallo?", somebody},
		{"he", "אנא השאירו הודעה לאחר הצליל", mailbox},
		{"he", "המספר שחייגת אינו מחובר", outOfService},
		{"he", "הלו", somebody},
		{"ja", "Please leave a message.", mailbox}, // no file: English
	} {
		if got := answerersIn(c.language).who(c.words); got != c.want {
			t.Errorf("%s: %q is of %d, want %d", c.language, c.words, got, c.want)
		}
	}
}

func TestScreenerWaits(t *testing.T) {
	t.Parallel()
	en := answerersIn("en")
	for words, want := range map[string]bool{
		"Thank you.": true, "Thanks. Please stay on the line.": true, "Please hold while I try to connect you.": true,
		"Thank you. One moment, please. I am putting you through.":                  true,
		"Thank you. One moment, please. I am putting you through. Hello, speaking.": false,
		"Hello?": false, "Yes?": false, "What is it?": false, "Neil, is that you?": false, "": false,
	} {
		if got := en.waits(words); got != want {
			t.Errorf("%q waits: %v", words, got)
		}
	}
}

// Every file has every section and no other, so that no phrase is lost to a misspelt one.
func TestAnswererFiles(t *testing.T) {
	t.Parallel()
	sections := []string{"mailbox", "mailbox offered", "mailbox perhaps", "menu", "not in service", "not in service except", "screening", "somebody", "waiting"}
	for tag, phrases := range allAnswerers() {
		var names []string
		for name, patterns := range phrases {
			names = append(names, name)
			for _, p := range patterns {
				if p[0] == nil || p[len(p)-1] == nil {
					t.Errorf("%s, %s: a phrase begins or ends in *", tag, name)
				}
				for _, alternatives := range p {
					for _, word := range alternatives {
						if got := answererWords(word); len(got) != 1 || got[0] != word {
							t.Errorf("%s, %s: %q is no word as words are read: %q", tag, name, word, got)
						}
					}
				}
			}
		}
		slices.Sort(names)
		if !slices.Equal(names, sections) {
			t.Errorf("%s has the sections %q", tag, names)
		}
	}
	if len(allAnswerers()) != 5 {
		t.Errorf("%d languages", len(allAnswerers()))
	}
}

// Any words are judged without a fault, whatever they are.
func TestAnyAnswererWords(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := answerersIn(rapid.SampledFrom([]string{"en", "es", "fr", "de", "he", ""}).Draw(t, "language"))
		words := rapid.SampledFrom([]string{"number", "you", "have", "not", "in", "service", "leave", "a", "message", "press", "one", "for", "say", "your", "name", "and", "thank", "hello", "x"})
		text := ""
		for _, word := range rapid.SliceOfN(words, 0, 60).Draw(t, "words") {
			text += word + " "
		}
		who, count := a.who(text), a.choices(text)
		a.waits(text)
		if who == menu && count < certainMenu {
			t.Fatalf("%q is a menu of %d", text, count)
		}
	})
}
