package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"nacre/client"
)

// A lead is added, and stopped because the person wrote to us meanwhile.
func ExampleClient_UpdateLead() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			fmt.Fprint(w, `{"leadId":"665f1f77bcf86cd799439011"}`)
			return
		}
		fmt.Fprint(w, `{"id":"665f1f77bcf86cd799439011","phoneNumber":"+14155550101","status":130}`)
	}))
	defer server.Close()
	c, err := client.New(server.URL, "665f1f77bcf86cd799439010:secret") // the address of nacre serve, and what nacre key create prints
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, campaign := context.Background(), "6650a1f2c3d4e5f60718293a"
	leadID, err := c.AddLead(ctx, campaign, client.NewLead{PhoneNumber: "+14155550101", ExternalID: "crm-4711", CallData: map[string]any{"firstName": "Ada"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	stop := client.LeadCompleted
	lead, err := c.UpdateLead(ctx, campaign, leadID, client.LeadChange{Status: &stop})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(lead.PhoneNumber, lead.Status)
	// Output: +14155550101 Completed
}

// A program that was away reads what has happened since, and goes on as it happens.
func ExampleClient_Follow() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "id: 1043\nevent: lead\ndata: {\"cursor\":\"1043\",\"kind\":\"lead\",\"leadId\":\"665f1f77bcf86cd799439011\",\"status\":100}\n\n")
	}))
	defer server.Close()
	c, err := client.New(server.URL, "665f1f77bcf86cd799439010:secret")
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for message, err := range c.Follow(ctx, "1042") { // the cursor that was kept
		if err != nil {
			fmt.Println(err)
			return
		}
		if event := message.Event; event != nil && event.Kind == "lead" {
			fmt.Println(*event.LeadID, client.LeadStatus(event.Status), "keep", event.Cursor)
			cancel()
		}
	}
	// Output: 665f1f77bcf86cd799439011 Success keep 1043
}

// What the server says of a request is an Error; by member where it is 400.
func ExampleError() {
	answer := &client.Error{}
	if err := json.Unmarshal([]byte(`{"status":400,"errors":{"PhoneNumber":["is too short"]}}`), answer); err != nil {
		fmt.Println(err)
		return
	}
	err := fmt.Errorf("add a lead: %w", answer)
	var refused *client.Error
	if errors.As(err, &refused) && refused.Status == http.StatusBadRequest {
		fmt.Println(refused.Errors["PhoneNumber"][0])
	}
	// Output: is too short
}
