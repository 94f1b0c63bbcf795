// node-oidc-provider's storage in Redis: what its adapter contract asks, in as few round trips as that allows.
// Whatever may be consumed is a hash, so that `consumed` is set without rewriting; everything else is one JSON value.
import { Redis } from 'ioredis';

const redis = new Redis(process.env.REDIS_URL, { enableAutoPipelining: true });
const CONSUMABLE = new Set(['AuthorizationCode', 'RefreshToken', 'DeviceCode', 'BackchannelAuthenticationRequest']);
const OF_A_GRANT = new Set(['AccessToken', ...CONSUMABLE]);

export class RedisAdapter {
  constructor(model) {
    this.model = model;
    this.consumable = CONSUMABLE.has(model);
  }

  key(id) {
    return `${this.model}:${id}`;
  }

  async upsert(id, payload, expiresIn) {
    const key = this.key(id);
    const all = redis.multi();
    if (this.consumable) {
      all.hset(key, { payload: JSON.stringify(payload) });
      if (expiresIn) all.expire(key, expiresIn);
    } else if (expiresIn) {
      all.set(key, JSON.stringify(payload), 'EX', expiresIn);
    } else {
      all.set(key, JSON.stringify(payload));
    }
    if (OF_A_GRANT.has(this.model) && payload.grantId) {
      const list = `grant:${payload.grantId}`;
      all.rpush(list, key);
      if (expiresIn) all.expire(list, expiresIn, 'GT');
    }
    if (payload.userCode) all.set(`userCode:${payload.userCode}`, id, 'EX', expiresIn);
    if (this.model === 'Session' && payload.uid) all.set(`uid:${payload.uid}`, id, 'EX', expiresIn);
    await all.exec();
  }

  async find(id) {
    if (!this.consumable) {
      const found = await redis.get(this.key(id));
      return found ? JSON.parse(found) : undefined;
    }
    const { payload, consumed } = await redis.hgetall(this.key(id));
    if (!payload) return undefined;
    return { ...JSON.parse(payload), ...(consumed ? { consumed: Number(consumed) } : undefined) };
  }

  async findByUid(uid) {
    const id = await redis.get(`uid:${uid}`);
    return id ? this.find(id) : undefined;
  }

  async findByUserCode(userCode) {
    const id = await redis.get(`userCode:${userCode}`);
    return id ? this.find(id) : undefined;
  }

  async consume(id) {
    await redis.hset(this.key(id), 'consumed', Math.floor(Date.now() / 1000));
  }

  async destroy(id) {
    await redis.del(this.key(id));
  }

  async revokeByGrantId(grantId) {
    const list = `grant:${grantId}`;
    const keys = await redis.lrange(list, 0, -1);
    await redis.del(list, ...keys);
  }
}
