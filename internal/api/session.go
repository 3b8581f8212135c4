package api

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/alexedwards/scs/v2"

	"nacre/internal/account"
	"nacre/internal/engine"
	"nacre/internal/id"
)

// sessionLasts is how long a browser stays signed in.
const sessionLasts = 7 * 24 * time.Hour

// sessions are those of browsers. The library makes tokens, hashes them, and reads and writes what they stand for (ADR 37).
type sessions struct{ manager *scs.SessionManager }

func newSessions(e *engine.Engine, queries engine.SignInQueries) *sessions {
	// Not scs.New, which begins a goroutine that cleans a store of its own, without an end.
	return &sessions{&scs.SessionManager{
		Store: sessionStore{e, queries}, Codec: sessionCodec{}, HashTokenInStore: true, Lifetime: sessionLasts,
	}}
}

// What a session notes.
const (
	sessionAccount = "account"
	sessionPerson  = "person"
	sessionCount   = "sessions" // account.User.Sessions when it began
)

// begin makes a session of the person; its token is for the browser's cookie.
func (s *sessions) begin(ctx context.Context, person account.User, until time.Time) (token string, err error) {
	if ctx, err = s.manager.Load(ctx, ""); err != nil {
		return "", fmt.Errorf("make session: %w", err)
	}
	s.manager.Put(ctx, sessionAccount, string(person.Account))
	s.manager.Put(ctx, sessionPerson, string(person.ID))
	s.manager.Put(ctx, sessionCount, person.Sessions)
	s.manager.SetDeadline(ctx, until)
	token, _, err = s.manager.Commit(ctx)
	if err != nil {
		return "", fmt.Errorf("make session: %w", err)
	}
	return token, nil
}

// signedIn is what a session says.
type signedIn struct {
	account, person id.ID
	count           int64
	until           time.Time
	name            string // a hash of its token
}

// find reads the session of a token; found is false where there is none, or it has ended.
func (s *sessions) find(ctx context.Context, token string, now time.Time) (session signedIn, found bool, err error) {
	ctx, err = s.manager.Load(ctx, token)
	if err != nil {
		return session, false, fmt.Errorf("read session: %w", err)
	}
	hash := sha256.Sum256([]byte(token))
	session = signedIn{
		name:    base64.RawURLEncoding.EncodeToString(hash[:]),
		account: id.ID(s.manager.GetString(ctx, sessionAccount)), person: id.ID(s.manager.GetString(ctx, sessionPerson)),
		count: s.manager.GetInt64(ctx, sessionCount), until: s.manager.Deadline(ctx),
	}
	return session, !session.person.Zero() && now.Before(session.until), nil
}

// end forgets the session of a token.
func (s *sessions) end(ctx context.Context, token string) error {
	ctx, err := s.manager.Load(ctx, token)
	if err != nil {
		return fmt.Errorf("read session: %w", err)
	}
	if err := s.manager.Destroy(ctx); err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}

// sessionStore keeps the library's sessions with everything else. It implements scs.CtxStore.
type sessionStore struct {
	engine  *engine.Engine
	queries engine.SignInQueries
}

// FindCtx implements scs.CtxStore. Who asks judges the end of a session by the server's clock.
func (s sessionStore) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	found, ok, err := s.queries.Session(ctx, token)
	return found.Content, ok, err
}

// CommitCtx implements scs.CtxStore.
func (s sessionStore) CommitCtx(ctx context.Context, token string, content []byte, expires time.Time) error {
	return s.engine.SaveSession(ctx, engine.Session{Token: token, Content: content, Expires: expires.UTC().Truncate(time.Millisecond)})
}

// DeleteCtx implements scs.CtxStore.
func (s sessionStore) DeleteCtx(ctx context.Context, token string) error {
	return s.engine.DeleteSession(ctx, token)
}

// Find implements scs.Store, which asks for it besides FindCtx and never calls it.
func (s sessionStore) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

// Commit implements scs.Store.
func (s sessionStore) Commit(token string, content []byte, expires time.Time) error {
	return s.CommitCtx(context.Background(), token, content, expires)
}

// Delete implements scs.Store.
func (s sessionStore) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }

// sessionCodec writes sessions as JSON. It implements scs.Codec.
type sessionCodec struct{}

type sessionContent struct {
	Until    time.Time `json:"until"`
	Account  string    `json:"account"`
	Person   string    `json:"person"`
	Sessions int64     `json:"sessions"`
}

// Encode implements scs.Codec.
func (sessionCodec) Encode(until time.Time, values map[string]any) ([]byte, error) {
	content := sessionContent{Until: until}
	content.Account, _ = values[sessionAccount].(string)
	content.Person, _ = values[sessionPerson].(string)
	content.Sessions, _ = values[sessionCount].(int64)
	return json.Marshal(content)
}

// Decode implements scs.Codec.
func (sessionCodec) Decode(raw []byte) (time.Time, map[string]any, error) {
	var content sessionContent
	if err := json.Unmarshal(raw, &content); err != nil {
		return time.Time{}, nil, fmt.Errorf("read session: %w", err)
	}
	return content.Until, map[string]any{sessionAccount: content.Account, sessionPerson: content.Person, sessionCount: content.Sessions}, nil
}
