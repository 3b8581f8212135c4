import { useQuery } from '@tanstack/react-query'
import { api, ask } from '../../api/client'

// useDraftWarnings reads what in the draft will probably not do what was meant.
export function useDraftWarnings(pearlId: string) {
  return useQuery({
    queryKey: ['pearl', pearlId, 'warnings', 'draft'],
    queryFn: () => ask(api.GET('/v2/Pearl/{pearlId}/Warnings', { params: { path: { pearlId }, query: { draft: true } } })),
  })
}
