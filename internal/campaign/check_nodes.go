package campaign

import (
	"fmt"

	"nacre/internal/fault"
)

// checkNodes judges the nodes of a Pearl (contract 2.5).
func (p Pearl) checkNodes(judges Judges, faults *fault.List) {
	nodes := p.Definition.Nodes
	known := map[string]int{}
	openings, ends := 0, 0
	for n, node := range nodes {
		path := fmt.Sprintf("Pearl.Nodes[%d].", n)
		first, twice := known[node.NodeID]
		switch {
		case node.NodeID == "":
			faults.Add(path+"NodeId", "The NodeId field is required.")
		case twice:
			faults.Add(path+"NodeId", "The id '%.40s' is that of Pearl.Nodes[%d] already.", node.NodeID, first)
		default:
			known[node.NodeID] = n
			tooLong(path+"NodeId", node.NodeID, maxNodeID, faults)
		}
		if node.Name == "" {
			faults.Add(path+"Name", "The Name field is required.")
		}
		tooLong(path+"Instructions", node.Instructions, maxNodeInstructions, faults)
		switch node.NodeType {
		case NodeOpeningSentence:
			openings++
			p.preCallOnly(path+"Script", node.Script, faults)
		case NodeEndCall:
			ends++
		case NodePreCallAPI, NodeAPI:
			if node.APISettings == nil {
				faults.Add(path+"ApiSettings", "The ApiSettings field is required in a node of type %d.", node.NodeType)
			}
		case NodeDialogue, NodePostCallActions:
		default:
			faults.Add(path+"NodeType", "The value %d is not valid; it must be 2 OpeningSentence, 3 PreCallAPI, 10 Dialogue, 40 API, 100 EndCall or 200 PostCallActions.", node.NodeType)
		}
		checkAPI(path+"ApiSettings", node.APISettings, judges, faults)
	}
	if openings != 1 {
		faults.Add("Pearl.Nodes", "There are %d nodes of type 2 (OpeningSentence); there must be exactly one.", openings)
	}
	if ends != 1 {
		faults.Add("Pearl.Nodes", "There are %d nodes of type 100 (EndCall); there must be exactly one.", ends)
	}
	for n, node := range nodes {
		checkTransitions(fmt.Sprintf("Pearl.Nodes[%d]", n), node, known, faults)
	}
}

func checkTransitions(path string, node Node, known map[string]int, faults *fault.List) {
	afterAPI := node.NodeType == NodeAPI || node.NodeType == NodePreCallAPI
	names := map[string]int{}
	for n, transition := range node.Transitions {
		at := fmt.Sprintf("%s.Transitions[%d].", path, n)
		first, twice := names[transition.Name]
		switch {
		case transition.Name == "":
			faults.Add(at+"Name", "The Name field is required.")
		case twice:
			faults.Add(at+"Name", "The name '%.64s' is that of Transitions[%d] of this node already.", transition.Name, first)
		default:
			names[transition.Name] = n
		}
		if transition.ToNodeID == "" {
			faults.Add(at+"ToNodeId", "The ToNodeId field is required.")
		} else if _, exists := known[transition.ToNodeID]; !exists {
			faults.Add(at+"ToNodeId", "There is no node with the id '%.40s'.", transition.ToNodeID)
		}
		switch result := transition.APIResult; {
		case afterAPI && (result == nil || *result != 1 && *result != 2):
			faults.Add(at+"ApiResult", "After an API node the value must be 1 (success) or 2 (failure).")
		case node.NodeType == NodePostCallActions && result != nil && *result != 1 && *result != 2:
			faults.Add(at+"ApiResult", "After a PostCallActions node the value must be 1 (success), 2 (failure) or null.")
		case !afterAPI && node.NodeType != NodePostCallActions && result != nil:
			faults.Add(at+"ApiResult", "Only transitions of API nodes (types 3 and 40) and of PostCallActions nodes have an API result.")
		}
	}
}
