package trial

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"nacre/internal/call"
	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/scenario"
)

// parrot is an agent that says what it hears, and hangs up at the key 9. It implements call.Agent and call.Party.
type parrot struct {
	heard []int16 // that was no silence
	keys  string
	talk  call.Talk
}

func (p *parrot) Ready() error { return nil }

func (p *parrot) Hold(ctx context.Context, leg call.Leg, _ call.Script, _ call.Desk) (call.Talk, call.Ending) {
	ending := leg.Serve(ctx, p)
	return p.talk, ending
}

func (p *parrot) Exchange(heard, say *call.Frame) bool {
	for _, sample := range heard {
		if sample != 0 {
			p.heard = append(p.heard, sample)
		}
	}
	*say = *heard
	p.talk.Collected = []call.Value{{ID: "samples", Value: len(p.heard)}}
	return p.keys != "9"
}

func (p *parrot) Key(key rune)    { p.keys += string(key) }
func (p *parrot) Held(bool)       {}
func (p *parrot) Talk() call.Talk { return p.talk }

// TestByEar: what the person says arrives in its order and in real time, what is collected is told meanwhile, and either side, or
// twenty seconds without anything from the person, ends the talk.
func TestByEar(t *testing.T) {
	const account = id.ID("665f1f77bcf86cd799439011")
	for name, end := range map[string]struct {
		act scenario.Act
		by  scenario.By
	}{
		"agent":  {scenario.Act{Do: scenario.DoKeys, Words: scenario.Choice{"9"}}, scenario.ByAgent},
		"person": {scenario.Act{Do: scenario.DoHangUp}, scenario.ByPerson},
		"nobody": {scenario.Act{}, scenario.ByPerson},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				agent := &parrot{}
				all, _ := trials(t, func(c *Config) { c.Agent = agent })
				pearl := florist(account)
				begun, err := all.Begin(pearl, Person{ByEar: true})
				if err != nil {
					t.Fatal(err)
				}
				said := make([]int16, 0, 4*refill)
				for n := range cap(said) {
					said = append(said, int16(n+1))
				}
				for n := 0; n < len(said); n += refill {
					if _, err := all.Hear(account, pearl.ID, begun.ID, said[n:n+refill]); err != nil {
						t.Fatal(err)
					}
				}
				settle(call.FrameTime * 25)
				view, err := all.Hear(account, pearl.ID, begun.ID, nil)
				if err != nil || view.Over || len(view.Result.Collected) != 1 || view.Result.Collected[0].Value != len(said) {
					t.Errorf("%+v %v", view, err)
				}
				if end.act.Do != "" {
					if _, err := all.Do(account, pearl.ID, begun.ID, end.act); err != nil {
						t.Fatal(err)
					}
					settle(2 * call.FrameTime)
				} else {
					settle(mostGone*call.FrameTime + call.FrameTime)
				}
				view, err = all.Hear(account, pearl.ID, begun.ID, nil)
				if err != nil || !view.Over || view.Result.EndedBy != end.by {
					t.Errorf("%+v %v", view, err)
				}
				for n, sample := range agent.heard {
					if sample != said[n] {
						t.Fatalf("sample %d is %d, want %d", n, sample, said[n])
					}
				}
				all.Close()
			})
		})
	}
}

// TestByEarKeysOnly: where no words are to be understood another agent holds the talk.
func TestByEarKeysOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const account = id.ID("665f1f77bcf86cd799439011")
		hears, keypad := &parrot{}, &parrot{}
		all, _ := trials(t, func(c *Config) { c.Agent, c.Keypad = hears, keypad })
		for keysOnly, agent := range map[bool]*parrot{false: hears, true: keypad} {
			begun, err := all.Begin(florist(account), Person{ByEar: true, KeysOnly: keysOnly})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := all.Do(account, florist(account).ID, begun.ID, scenario.Act{Do: scenario.DoKeys, Words: scenario.Choice{"42#"}}); err != nil {
				t.Fatal(err)
			}
			settle(5 * call.FrameTime)
			if agent.keys != "42#" {
				t.Errorf("with keys only %t: the agent was told %q", keysOnly, agent.keys)
			}
		}
		all.Close()
	})
}

// TestOneByEar: an account talks once by ear at a time, and all together a few times.
func TestOneByEar(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all, _ := trials(t, func(c *Config) { c.Agent = &parrot{} })
		begin := func(account id.ID) (View, error) { return all.Begin(florist(account), Person{ByEar: true}) }
		first, err := begin("665f1f77bcf86cd799439011")
		if err != nil {
			t.Fatal(err)
		}
		for n, account := range []id.ID{"665f1f77bcf86cd799439011", "665f1f77bcf86cd799439021", "665f1f77bcf86cd799439031", "665f1f77bcf86cd799439041"} {
			if _, err := begin(account); err != nil {
				t.Fatalf("talk %d: %v", n, err)
			}
		}
		if err := all.ByEar("665f1f77bcf86cd799439011", florist("").ID, first.ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("the first talk of an account after its second: %v", err)
		}
		if _, err := begin("665f1f77bcf86cd799439051"); !fault.Is(err, fault.Unavailable) {
			t.Errorf("one talk too many: %v", err)
		}
		all.Close()
	})
}

// TestDeaf: a talk by ear is refused where nothing hears or speaks, and one by text takes no sound.
func TestDeaf(t *testing.T) {
	t.Parallel()
	const account = id.ID("665f1f77bcf86cd799439011")
	pearl := florist(account)
	all, _ := trials(t, nil)
	if _, err := all.Begin(pearl, Person{ByEar: true}); !fault.Is(err, fault.Invalid) {
		t.Errorf("without an agent: %v", err)
	}
	begun, err := all.Begin(pearl, Person{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := all.Hear(account, pearl.ID, begun.ID, []int16{1}); !fault.Is(err, fault.Invalid) {
		t.Errorf("a talk by text: %v", err)
	}
}

// settle lets everything happen that happens by itself within a time.
func settle(within time.Duration) {
	time.Sleep(within) // in the bubble of a test
	synctest.Wait()
}
