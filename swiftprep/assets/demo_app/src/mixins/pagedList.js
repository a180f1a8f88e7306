// Paged list state for a ta-table: `mixins: [pagedList(fetchUsers)]`.
export default function pagedList(fetcher) {
  return {
    data() {
      return {
        list: [],
        loading: false,
        query: {},
        pagination: { current: 1, pageSize: 20, total: 0 }
      }
    },
    created() {
      this.requestId = 0 // not reactive on purpose
      this.load()
    },
    methods: {
      async load() {
        const id = ++this.requestId
        const { current, pageSize } = this.pagination
        this.loading = true
        try {
          const res = await fetcher({
            ...this.query,
            page: current,
            size: pageSize
          })
          if (id !== this.requestId) return // a newer request is under way
          this.list = res.list
          this.pagination.total = res.total
        } catch (err) {
          if (id === this.requestId) this.$message.error(err.message)
        } finally {
          if (id === this.requestId) this.loading = false
        }
      },
      onSearch(query) {
        this.query = { ...this.query, ...query }
        this.pagination.current = 1
        return this.load()
      },
      onTableChange({ current, pageSize }) {
        Object.assign(this.pagination, { current, pageSize })
        return this.load()
      }
    }
  }
}
