import axios from 'axios'

const http = axios.create({ baseURL: '/api', timeout: 10000 })

http.interceptors.response.use(res => res.data)

export const login = form => http.post('/login', form)

// list endpoints resolve to { list, total }
export const fetchUsers = params => http.get('/users', { params })
export const fetchUser = id => http.get(`/users/${id}`)
export const saveUser = user =>
  user.id ? http.put(`/users/${user.id}`, user) : http.post('/users', user)

export const fetchOrders = params => http.get('/orders', { params })
export const fetchOrder = id => http.get(`/orders/${id}`)
export const shipOrders = ids => http.post('/orders/ship', { ids })

export const fetchRoles = params => http.get('/roles', { params })
export const removeRole = id => http.delete(`/roles/${id}`)
export const fetchPermissions = roleId =>
  http.get(`/roles/${roleId}/permissions`)
export const savePermissions = (roleId, keys) =>
  http.put(`/roles/${roleId}/permissions`, { keys })

export const fetchStock = () => http.get('/stock')
export const adjustStock = (sku, change) => http.post(`/stock/${sku}`, change)

export const fetchApproval = id => http.get(`/approvals/${id}`)
export const submitApproval = (id, result) =>
  http.post(`/approvals/${id}/result`, result)

export const fetchSummary = () => http.get('/dashboard/summary')
export const fetchTrend = days =>
  http.get('/dashboard/trend', { params: { days } })

export const fetchSettings = () => http.get('/settings')
export const saveSettings = settings => http.put('/settings', settings)

export const uploadFile = (file, onProgress) => {
  const body = new FormData()
  body.append('file', file)
  return http.post('/files', body, {
    timeout: 0,
    onUploadProgress: e => onProgress(Math.round((e.loaded / e.total) * 100))
  })
}
