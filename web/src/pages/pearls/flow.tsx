import { Button } from '@mantine/core'
import { IconPlus, IconTrash } from '@tabler/icons-react'
import { useMemo, useState } from 'react'
import type { Schemas } from '../../api/client'
import { Optional } from './actions'
import { useEdit } from './draft'
import { Choice, List, Text, Words } from './fields'
import { ToScript } from './nodes'
import { newRequest, Request } from './request'
import { useTexts } from './texts'

type Node = Schemas['Node']

const nodeTypes = [2, 10, 40, 3, 100, 200] as const

// The types of the end of the call, and of what is done after it.
const end = 100
const after = 200

// requesting are the types of nodes that make a request; awaited those at which the talk, or the call, waits for what comes of it.
const awaited = [3, 40]
const requesting = [...awaited, after]

// Sizes of the drawing in pixels.
const wide = 180, high = 58, across = 20, down = 44, margin = 30

type Placed = { node: Node; x: number; y: number }

// place puts every node in the row that is as far as the shortest way from where the call begins; what nothing leads to comes first,
// then the end, and what is done after the call last.
export function place(nodes: Node[]): { placed: Placed[]; width: number; height: number } {
  const row = new Map<string, number>()
  const led = new Set(nodes.flatMap((node) => node.transitions.map(({ toNodeId }) => toNodeId)))
  const first = nodes.filter((node) => (!led.has(node.nodeId) && node.nodeType !== after && node.nodeType !== end) || node.nodeType === 3)
  const ends = nodes.filter(({ nodeType }) => nodeType === end)
  const isEnd = (id: string) => ends.some(({ nodeId }) => nodeId === id)
  let rows = 0
  for (const begin of [first.length > 0 ? first : nodes.slice(0, 1), ends, nodes.filter((node) => !led.has(node.nodeId) && node.nodeType === after)]) {
    for (let front = begin.map(({ nodeId }) => nodeId).filter((id) => !row.has(id)); front.length > 0; rows++) {
      for (const id of front) row.set(id, rows)
      const next = nodes.filter(({ nodeId }) => front.includes(nodeId)).flatMap((node) => node.transitions.map(({ toNodeId }) => toNodeId))
      front = [...new Set(next)].filter((id) => !row.has(id) && !isEnd(id))
    }
  }
  const inRow = (at: number) => nodes.filter(({ nodeId }) => (row.get(nodeId) ?? 0) === at)
  const most = Math.max(1, ...Array.from({ length: rows }, (_, at) => inRow(at).length))
  const placed = nodes.map((node) => {
    const at = row.get(node.nodeId) ?? 0
    const all = inRow(at)
    return { node, x: (all.indexOf(node) + (most - all.length) / 2) * (wide + across), y: at * (high + down) }
  })
  return { placed, width: most * (wide + across) - across + margin, height: rows * (high + down) - down + margin }
}

// Flow draws the nodes of a Pearl and edits the one that is chosen.
export function Flow() {
  const { t } = useTexts()
  const { settings, set, readOnly, isFaulty, faultsAt } = useEdit()
  const nodes = useMemo(() => settings.pearl.nodes ?? [], [settings.pearl.nodes])
  const { placed, width, height } = useMemo(() => place(nodes), [nodes])
  const [chosen, setChosen] = useState(0)
  const n = Math.min(chosen, nodes.length - 1)
  const node = nodes[n]
  const add = () => {
    const id = `n${crypto.randomUUID().slice(0, 8)}`
    set('pearl.nodes', [...nodes, { nodeId: id, name: t('pearl.newNode'), nodeType: 10, script: '', instructions: '', apiSettings: null, transitions: [] }])
    setChosen(nodes.length)
  }
  return (
    <div className="stack editor-part">
      <div className="row"><p className="small soft grow">{t('pearl.help.flow')}</p><ToScript /></div>
      {faultsAt('pearl.nodes') && <p role="alert" className="small danger">{faultsAt('pearl.nodes')}</p>}
      <div className="flow ltr" role="group" aria-label={t('pearl.part.flow')} tabIndex={0}>
        <div style={{ width, height, position: 'relative' }}>
          <svg width={width} height={height} aria-hidden="true">
            <defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0 8 4 0 8z" fill="currentColor" /></marker></defs>
            {placed.flatMap((from) => from.node.transitions.map((transition, m) => {
              const to = placed.find((one) => one.node.nodeId === transition.toNodeId)
              return to ? <path key={`${from.node.nodeId}.${m}`} d={edge(from, to)} data-from={from.node.nodeId === node?.nodeId} markerEnd="url(#arrow)"><title>{transition.name}</title></path> : null
            }))}
          </svg>
          {placed.map(({ node: one, x, y }, index) => (
            <button key={one.nodeId || index} type="button" className="flow-node" data-type={one.nodeType} aria-pressed={index === n} data-faulty={isFaulty(`pearl.nodes.${index}`)} style={{ left: x, top: y, width: wide, height: high }} onClick={() => setChosen(index)}>
              <strong className="cut" dir="auto">{one.name || one.nodeId}</strong><span className="cut">{t(`pearl.node.${one.nodeType as 2}`)}</span>
            </button>
          ))}
        </div>
      </div>
      {node && (
        <section className="stack form list-field" aria-label={node.name} key={n}>
          <div className="row"><h3 className="grow cut" dir="auto">{node.name} <span className="mono small soft ltr">{node.nodeId}</span></h3>
            {!readOnly && nodes.length > 1 && <Button variant="subtle" color="gray" size="compact-sm" leftSection={<IconTrash size={14} />} onClick={() => { set('pearl.nodes', nodes.filter((_, m) => m !== n)); setChosen(0) }}>{t('pearl.removeNode')}</Button>}
            {!readOnly && <Button variant="subtle" size="compact-sm" leftSection={<IconPlus size={14} />} onClick={add}>{t('pearl.add.node')}</Button>}
          </div>
          <div className="field-row"><Text path={`pearl.nodes.${n}.name`} label={t('pearl.f.nodeName')} /><Choice path={`pearl.nodes.${n}.nodeType`} numeric data={nodeTypes.map((value) => ({ value: String(value), label: t(`pearl.node.${value}`) }))} /></div>
          <Words path={`pearl.nodes.${n}.script`} rows={3} />
          <Words path={`pearl.nodes.${n}.instructions`} rows={3} />
          {(requesting.includes(node.nodeType) || node.apiSettings !== null) && (
            <Optional path={`pearl.nodes.${n}.apiSettings`} label={t('pearl.makesRequest')} make={newRequest}><Request path={`pearl.nodes.${n}.apiSettings`} /></Optional>
          )}
          <List path={`pearl.nodes.${n}.transitions`} add={t('pearl.add.transition')} make={() => newTransition(node, nodes)}>
            {(path, m) => (
              <div className="field-row">
                <Text path={`${path}.name`} label={t('pearl.f.transition')} />
                <Choice path={`${path}.toNodeId`} data={nodes.map(({ nodeId, name }) => ({ value: nodeId, label: name || nodeId }))} />
                {(requesting.includes(node.nodeType) || node.transitions[m]?.apiResult != null) && <Choice path={`${path}.apiResult`} numeric optional={!awaited.includes(node.nodeType)} placeholder={node.nodeType === after ? t('pearl.f.either') : undefined} data={[{ value: '1', label: t('pearl.f.succeeds') }, { value: '2', label: t('pearl.f.fails') }]} />}
              </div>
            )}
          </List>
        </section>
      )}
    </div>
  )
}

// newTransition leads from a node to the end, until somebody says otherwise: after a request the first one in case that it succeeds.
function newTransition(node: Node, nodes: Node[]): Node['transitions'][number] {
  const succeeds = node.transitions.some(({ apiResult }) => apiResult === 1)
  return { name: '', toNodeId: nodes.find(({ nodeType }) => nodeType === end)?.nodeId ?? '', apiResult: !awaited.includes(node.nodeType) ? null : succeeds ? 2 : 1 }
}

// edge is the way from one node to another: down, beneath the nodes of a row, or back up beside them.
function edge(from: Placed, to: Placed): string {
  const [x1, x2] = [from.x + wide / 2, to.x + wide / 2]
  if (to.y > from.y) return `M${x1} ${from.y + high} C${x1} ${from.y + high + down / 2} ${x2} ${to.y - down / 2} ${x2} ${to.y}`
  if (to.y === from.y) return `M${x1} ${from.y + high} C${x1} ${from.y + high + 24} ${x2} ${to.y + high + 24} ${x2} ${to.y + high}`
  const [right1, right2] = [from.x + wide, to.x + wide]
  return `M${right1} ${from.y + high / 2} C${right1 + margin} ${from.y + high / 2} ${right2 + margin} ${to.y + high / 2} ${right2} ${to.y + high / 2}`
}
