import { Button } from '@mantine/core'
import { IconAlignLeft, IconSitemap } from '@tabler/icons-react'
import { useState } from 'react'
import type { Schemas } from '../../api/client'
import { useAddress } from '../../pieces/address'
import { Confirm } from '../../pieces/confirm'
import { tell } from '../../pieces/told'
import { useEdit, type Settings } from './draft'
import { useTexts } from './texts'

type Node = Schemas['Node']

// Script is what a Pearl says that has no nodes.
type Script = Pick<Settings['pearl'], 'openingSentence' | 'flowScript'>

// mostInstructions is how long the instructions of a node may be (contract 2.5).
const mostInstructions = 2000

// useNodesOf makes nodes of a script: the opening, dialogue that has the script as its instructions, as many nodes as it takes, and the
// end of the call.
export function useNodesOf() {
  const { t } = useTexts()
  return ({ openingSentence, flowScript }: Script): Node[] => {
    const parts = partsOf(flowScript)
    const talks = parts.map((_, n) => (n === 0 ? 'talk' : `talk-${n + 1}`))
    const node = (nodeId: string, name: string, nodeType: Node['nodeType'], more: Partial<Node>, ...to: string[]): Node => ({
      nodeId, name, nodeType, script: '', instructions: '', apiSettings: null, ...more, transitions: to.map((toNodeId) => ({ name: t('pearl.start.then'), toNodeId, apiResult: null })),
    })
    return [
      node('opening', t('pearl.start.openingNode'), 2, { script: openingSentence }, talks[0]!),
      ...parts.map((instructions, n) => node(talks[n]!, n === 0 ? t('pearl.start.talkNode') : `${t('pearl.start.talkNode')} ${n + 1}`, 10, { instructions }, talks[n + 1] ?? 'end')),
      node('end', t('pearl.start.endNode'), 100, {}),
    ]
  }
}

// partsOf parts a text where a line, else a word ends, so that each fits the instructions of a node. Together they are the text.
function partsOf(text: string): string[] {
  if (text.length <= mostInstructions) return [text]
  const most = text.slice(0, mostInstructions)
  const end = Math.max(most.lastIndexOf('\n'), 0) || Math.max(most.lastIndexOf(' '), 0) || mostInstructions - 1
  return [text.slice(0, end + 1), ...partsOf(text.slice(end + 1))]
}

// scriptOf is what nodes say and are told, one after another.
function scriptOf(nodes: Node[]): Script {
  const opening = nodes.find(({ nodeType }) => nodeType === 2)
  const texts = nodes.filter(({ nodeType }) => [2, 10, 100].includes(nodeType)).flatMap((node) => [node === opening ? '' : node.script, node.instructions]).filter((text) => text.trim() !== '')
  return { openingSentence: opening?.script ?? '', flowScript: texts.reduce((all, text) => (all === '' || /\s$/.test(all) ? all + text : `${all}\n${text}`), '') }
}

// isScript reports whether nodes are a script and nothing else: one after another, without requests and words of their own.
function isScript(nodes: Node[]): boolean {
  return nodes.every(({ nodeType, script, instructions, apiSettings, transitions }) => apiSettings === null && transitions.length <= 1 && (nodeType === 2 ? instructions === '' : nodeType === 10 ? script === '' : nodeType === 100 && script + instructions === ''))
}

// useTurn puts nodes in place of the script of the Pearl that is edited, or a script in place of its nodes.
function useTurn() {
  const { t } = useTexts()
  const { set } = useEdit()
  const { set: go } = useAddress()
  return (nodes: Node[], { openingSentence, flowScript }: Script) => {
    set('pearl.nodes', nodes)
    set('pearl.openingSentence', openingSentence)
    set('pearl.flowScript', flowScript)
    go({ part: nodes.length > 0 ? 'flow' : null })
    tell(t(nodes.length > 0 ? 'pearl.areNodes' : 'pearl.isScript'))
  }
}

// ToNodes makes nodes of the script.
export function ToNodes() {
  const { t } = useTexts()
  const { settings: { pearl }, readOnly } = useEdit()
  const nodesOf = useNodesOf()
  const turn = useTurn()
  if (readOnly) return null
  return (
    <div className="row">
      <Button variant="default" size="compact-sm" leftSection={<IconSitemap size={14} />} onClick={() => turn(nodesOf(pearl), { openingSentence: '', flowScript: '' })}>{t('pearl.toNodes')}</Button>
      <span className="small soft">{t('pearl.help.toNodes')}</span>
    </div>
  )
}

// ToScript makes a script of the nodes, and asks before something is lost by it.
export function ToScript() {
  const { t } = useTexts()
  const { settings: { pearl }, readOnly } = useEdit()
  const turn = useTurn()
  const [asking, setAsking] = useState(false)
  const nodes = pearl.nodes ?? []
  if (readOnly) return null
  const back = () => turn([], scriptOf(nodes))
  const transitions = nodes.reduce((sum, node) => sum + node.transitions.length, 0)
  const requests = nodes.filter(({ apiSettings }) => apiSettings !== null).length
  return (
    <>
      <Button variant="default" size="compact-sm" leftSection={<IconAlignLeft size={14} />} onClick={() => (isScript(nodes) ? back() : setAsking(true))}>{t('pearl.toScript')}</Button>
      {asking && (
        <Confirm title={t('pearl.toScript')} go={t('pearl.toScriptGo')} onGo={() => Promise.resolve(back())} onClose={() => setAsking(false)}>
          <p>{t('pearl.toScriptWill', { transitions: t('pearl.transitionCount', { count: transitions }), requests: t('pearl.requestCount', { count: requests }) })}</p>
          <p className="soft" style={{ marginTop: 8 }}>{t('pearl.toScriptHelp')}</p>
        </Confirm>
      )}
    </>
  )
}
