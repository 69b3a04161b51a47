/* One month of one network. Equation numbers are those of Cao et al. 2022, doi:10.11834/jrs.20211297. */

/* tanh(x / stretch) / 2: a rational function of v, whose conversion to an integer holds it within its range. */
static inline float amlstm_half_tanh(float x, float stretch)
{
    const float scaled = x * (2147483648.0f / 7.6f / stretch);
    const float limited = scaled < -2147483648.0f ? -2147483648.0f : scaled;
    const float held = limited >= 2147483648.0f ? 2147483648.0f : (float)(int32_t)limited;
    const float v = held * (0.22830763f / 2147483648.0f);
    const float u = v * v;
    const float n = (u + 0.40538096f) * (u + 0.036402892f) * v;
    const float d = (u + 0.09950379f) * (u + 0.00891039f);
    return n * d / (d * d + n * n);
}

static inline float amlstm_tanh(float x)
{
    return 2.0f * amlstm_half_tanh(x, 1.0f);
}

static inline float amlstm_sigmoid(float x)
{
    return amlstm_half_tanh(x, 2.0f) + 0.5f;
}

/* sum + weights' [h; below], in this order; `below` has `count` numbers. */
static inline float amlstm_row(float sum, const float *weights, const float *h, const float *below, int count)
{
    for (int j = 0; j < AMLSTM_HIDDEN; j++) {
        sum += weights[j] * h[j];
    }
    for (int j = 0; j < count; j++) {
        sum += weights[AMLSTM_HIDDEN + j] * below[j];
    }
    return sum;
}

#if AMLSTM_ATTENTION
/* The share beta of each input that is present, 0 for the others. */
static inline void amlstm_attend(const struct amlstm_network *of, const struct amlstm_memory *memory,
                                 const struct amlstm_inputs *inputs, float *beta)
{
    float alpha[AMLSTM_SEEN] = {0}; /* half of it */
    float largest = -INFINITY, total = 0.0f;
    for (int unit = 0; unit < AMLSTM_ATTENTION; unit++) { /* (8) alpha^k = V' tanh(W [h; C] + U x^k + B) */
        const float recurrent = amlstm_row(0.0f, of->w[unit], memory->hidden, memory->cell, AMLSTM_HIDDEN);
        for (int k = 0; k < AMLSTM_SEEN; k++) {
            const int column = k % AMLSTM_ATTENTION_COLUMNS;
            const float sum = recurrent + of->b[unit][column] + of->u[unit][column] * inputs->x[k];
            alpha[k] += of->v[unit][column] * amlstm_half_tanh(sum, 1.0f);
        }
    }
    for (int k = 0; k < AMLSTM_SEEN; k++) {
        largest = inputs->present[k] && alpha[k] > largest ? alpha[k] : largest;
    }
    for (int k = 0; k < AMLSTM_SEEN; k++) { /* (9) softmax over k, by exp(-2 z) = (1 - tanh z) / (1 + tanh z) */
        const float half = amlstm_half_tanh(largest - alpha[k], 1.0f);
        beta[k] = inputs->present[k] ? (0.5f - half) / (0.5f + half) : 0.0f;
        total += beta[k];
    }
    for (int k = 0; k < AMLSTM_SEEN && total > 0.0f; k++) {
        beta[k] /= total;
    }
}
#endif

/* Advances h and C by a month. Gives the shares beta, 0 in a plain LSTM, and returns y, the standardised increment. */
static inline float amlstm_advance(const struct amlstm_network *of, struct amlstm_memory *memory,
                                   const struct amlstm_inputs *inputs, float *beta)
{
    const struct amlstm_memory before = *memory;
    struct amlstm_inputs e = *inputs;
    float y = of->output_bias;
    memset(beta, 0, AMLSTM_SEEN * sizeof *beta);
#if AMLSTM_ATTENTION
    amlstm_attend(of, memory, inputs, beta);
    for (int k = 0; k < AMLSTM_SEEN; k++) {
        e.x[k] = beta[k] * inputs->x[k]; /* (10) */
    }
#endif
    for (int unit = 0; unit < AMLSTM_HIDDEN; unit++) {
        float sum[4]; /* W [h; e] + b of each gate */
        for (int gate = 0; gate < 4; gate++) {
            sum[gate] = amlstm_row(of->gate_bias[gate][unit], of->gate[gate][unit], before.hidden, e.x, AMLSTM_SEEN);
        }
        const float f = amlstm_sigmoid(sum[0]); /* (2) */
        const float i = amlstm_sigmoid(sum[1]); /* (3) */
        const float candidate = amlstm_tanh(sum[2]); /* (4) */
        const float o = amlstm_sigmoid(sum[3]); /* (6) */
        memory->cell[unit] = f * before.cell[unit] + i * candidate; /* (5) */
        memory->hidden[unit] = o * amlstm_tanh(memory->cell[unit]); /* (7) */
        y += of->output[unit] * memory->hidden[unit];
    }
#if AMLSTM_CHANGES
    for (int k = 0; k < AMLSTM_SEEN; k++) {
        y += of->skip[k] * inputs->x[k];
    }
#endif
    return y;
}
