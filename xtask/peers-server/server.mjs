// What a company would write instead, for `cargo xtask bench --versus`: an ingestion endpoint that stores events
// durably, and payments that are booked with a reward. Two processes of node share one port, each with a pool.
import cluster from 'node:cluster'
import { createHash, timingSafeEqual } from 'node:crypto'
import Fastify from 'fastify'
import pg from 'pg'

const WORKERS = 2
const { DATABASE_URL: connectionString, SECRET_KEY: secret = '' } = process.env

const SCHEMA = `
CREATE TABLE event (id uuid PRIMARY KEY, customer_key text NOT NULL, type text NOT NULL, body jsonb NOT NULL,
    state smallint NOT NULL DEFAULT 0, received_at timestamptz NOT NULL DEFAULT now());
CREATE INDEX event_open ON event (received_at) WHERE state = 0;
CREATE TABLE partner (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key text NOT NULL UNIQUE);
CREATE TABLE customer (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key text NOT NULL UNIQUE,
    email text NOT NULL, partner bigint REFERENCES partner (id), created_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE product (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer bigint NOT NULL REFERENCES customer (id), subscription_key text NOT NULL, name text NOT NULL,
    UNIQUE (customer, subscription_key));
CREATE TABLE rule (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, category_key text, percent integer NOT NULL);
CREATE TABLE payment (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key text NOT NULL UNIQUE,
    customer bigint NOT NULL REFERENCES customer (id), product bigint REFERENCES product (id),
    amount bigint NOT NULL, currency text NOT NULL, category_key text, created_at timestamptz NOT NULL DEFAULT now());
CREATE INDEX payment_by_customer ON payment (customer, created_at);
CREATE TABLE reward (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, rule bigint NOT NULL REFERENCES rule (id),
    payment bigint NOT NULL REFERENCES payment (id), partner bigint NOT NULL REFERENCES partner (id),
    amount bigint NOT NULL, currency text NOT NULL, created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (rule, payment));
CREATE INDEX reward_by_partner ON reward (partner, created_at);
INSERT INTO partner (key) VALUES ('robin');
INSERT INTO customer (key, email, partner)
    SELECT 'gk_' || i, 'gk_' || i || '@site.example', 1 FROM generate_series(0, 999) AS i;
INSERT INTO product (customer, subscription_key, name) SELECT id, 'sub', 'Inbox' FROM customer;
INSERT INTO rule (category_key, percent)
    SELECT CASE WHEN i > 0 THEN 'category' || i END, 20 FROM generate_series(0, 9) AS i;`

// Named statements are prepared once for each connection.
const insertEvent = (event) => ({
  name: 'event',
  text: 'INSERT INTO event (id, customer_key, type, body) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING',
  values: [event.id, event.data.customer_key, event.type, JSON.stringify(event)]
})
const findCustomer = (key) => ({
  name: 'customer', text: 'SELECT id, partner FROM customer WHERE key = $1', values: [key]
})
const findProduct = (customer, subscription) => ({
  name: 'product',
  text: 'SELECT id, name FROM product WHERE customer = $1 AND subscription_key = $2',
  values: [customer, subscription]
})
const insertPayment = (customer, product, payment) => ({
  name: 'payment',
  text: `INSERT INTO payment (key, customer, product, amount, currency, category_key) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (key) DO NOTHING RETURNING id`,
  values: [payment.key, customer, product, payment.amount, payment.currency, payment.category_key]
})
const insertReward = (rule, payment, partner, amount, currency) => ({
  name: 'reward',
  text: 'INSERT INTO reward (rule, payment, partner, amount, currency) VALUES ($1, $2, $3, $4, $5)',
  values: [rule, payment, partner, amount, currency]
})

const text = { type: 'string', minLength: 1, maxLength: 512 }
const eventSchema = {
  type: 'object',
  required: ['public_key', 'id', 'type', 'occurred_at', 'data'],
  properties: {
    public_key: text, id: { type: 'string', format: 'uuid' }, type: { enum: ['signup', 'checkout'] },
    occurred_at: { type: 'integer', minimum: 0 },
    data: { type: 'object', required: ['customer_key'], properties: { customer_key: text, email: text, name: text } }
  }
}
const paymentSchema = {
  type: 'object',
  required: ['customer_key', 'amount', 'currency', 'key'],
  properties: {
    customer_key: text, amount: { type: 'integer' }, currency: { type: 'string', pattern: '^[A-Z]{3}$' }, key: text,
    subscription_key: text, category_key: text
  }
}

async function book (pool, rules, payment) {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    const { rows: [customer] } = await client.query(findCustomer(payment.customer_key))
    if (!customer) return await undo(client, 404)
    const { rows: [product] } = await client.query(findProduct(customer.id, payment.subscription_key))
    const { rows: [booked] } = await client.query(insertPayment(customer.id, product?.id, payment))
    if (!booked) return await undo(client, 409)
    for (const rule of rules) {
      if (rule.category_key && rule.category_key !== payment.category_key) continue
      const amount = Math.round(payment.amount * rule.percent / 100)
      await client.query(insertReward(rule.id, booked.id, customer.partner, amount, payment.currency))
    }
    await client.query('COMMIT')
    return 201
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {})
    throw error
  } finally {
    client.release()
  }
}

async function undo (client, status) {
  await client.query('ROLLBACK')
  return status
}

async function serve () {
  const pool = new pg.Pool({ connectionString, max: 16 })
  const { rows: rules } = await pool.query('SELECT id, category_key, percent FROM rule ORDER BY id')
  const known = createHash('sha256').update(secret).digest()
  const app = Fastify()
  // A page sends text/plain, so that its request needs no preflight.
  app.addContentTypeParser('text/plain', { parseAs: 'string' }, app.getDefaultJsonParser('error', 'error'))
  app.addContentTypeParser('*', { parseAs: 'string' }, app.getDefaultJsonParser('error', 'error'))
  app.post('/events', { schema: { body: eventSchema } }, async (request, reply) => {
    const { rowCount } = await pool.query(insertEvent(request.body))
    return reply.code(202).send({ accepted: rowCount, duplicates: 1 - rowCount })
  })
  app.post('/transactions', { schema: { body: paymentSchema } }, async (request, reply) => {
    const given = Buffer.from((request.headers.authorization ?? '').replace('Basic ', ''), 'base64').toString()
    const hash = createHash('sha256').update(given.slice(given.indexOf(':') + 1)).digest()
    if (!timingSafeEqual(hash, known)) return reply.code(401).send({})
    const status = await book(pool, rules, request.body)
    return reply.code(status).send({ data: { ...request.body, status: 'approved' } })
  })
  await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT) })
  process.send('ready')
  process.on('SIGTERM', () => process.exit(0))
}

if (cluster.isPrimary) {
  const client = new pg.Client({ connectionString })
  await client.connect()
  await client.query(SCHEMA)
  await client.end()
  let ready = 0
  for (let worker = 0; worker < WORKERS; worker++) {
    cluster.fork().on('message', () => {
      if (++ready === WORKERS) console.log(`listening on http://127.0.0.1:${process.env.PORT}`)
    })
  }
  process.on('SIGTERM', () => {
    for (const worker of Object.values(cluster.workers)) worker.kill()
    process.exit(0)
  })
} else {
  await serve()
}
