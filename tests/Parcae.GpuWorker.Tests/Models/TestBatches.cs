using Parcae.GpuWorker.Data;
using Parcae.GpuWorker.Models;
using Parcae.Grains;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Tests.Models;

/// <summary>
/// Samples that a model can learn, drawn from (step, micro-batch, sample) alone: tokens that mostly follow a rule, the same with masks, or images of classes under noise.
/// </summary>
internal sealed class TestBatches(ModelSpec model, TrainingSpec training) : IBatchSource
{
    public MicroBatch MicroBatch(int step, int microBatch) => Draw(step, microBatch);

    public MicroBatch Validation(int microBatch) => Draw(-1, microBatch);

    public void Dispose()
    {
    }

    private MicroBatch Draw(int step, int microBatch)
    {
        int samples = training.MicroBatchSize;
        var randoms = Enumerable.Range(0, samples).Select(i => new Random((int)(Mixing.Seed(step, microBatch, i) >> 33))).ToArray();
        var (inputs, targets) = !model.TakesTokens ? Images(randoms) : model.Family == "bert" ? Masked(randoms) : Next(randoms);
        return new MicroBatch(inputs, targets, Mixing.Seed(step, microBatch), samples);
    }

    private (Tensor Inputs, Tensor Targets) Next(Random[] randoms)
    {
        int length = model.SequenceLength;
        var tokens = randoms.Select(r => Tokens(r, length + 1, model.Vocabulary)).ToArray();
        return (Rows(tokens.Select(t => t[..length])), Rows(tokens.Select(t => t[1..])));
    }

    private (Tensor Inputs, Tensor Targets) Masked(Random[] randoms)
    {
        int mask = model.Vocabulary - 1;
        var (inputs, targets) = (new List<long[]>(), new List<long[]>());
        foreach (var random in randoms)
        {
            var tokens = Tokens(random, model.SequenceLength, mask);
            var hidden = tokens.Select(_ => random.NextDouble() < 0.25).ToArray();
            hidden[0] = true;
            inputs.Add([.. tokens.Select((t, i) => hidden[i] ? mask : t)]);
            targets.Add([.. tokens.Select((t, i) => hidden[i] ? t : Losses.Ignored)]);
        }

        return (Rows(inputs), Rows(targets));
    }

    private (Tensor Inputs, Tensor Targets) Images(Random[] randoms)
    {
        int pixels = model.Channels * model.ImageSize * model.ImageSize;
        var classes = randoms.Select(r => (long)r.Next(model.Classes)).ToArray();
        // Each class is a wave of its own length.
        var values = randoms.SelectMany((r, i) => Enumerable.Range(0, pixels).Select(p => MathF.Sin((classes[i] + 1) * p * 0.7f) + 0.3f * (r.NextSingle() - 0.5f)));
        return (tensor(values.ToArray(), [randoms.Length, model.Channels, model.ImageSize, model.ImageSize]), tensor(classes));
    }

    private static long[] Tokens(Random random, int length, int vocabulary)
    {
        var tokens = new long[length];
        for (int i = 0; i < length; i++) tokens[i] = i == 0 || random.Next(10) == 0 ? random.Next(vocabulary) : (tokens[i - 1] * 3 + 1) % vocabulary;
        return tokens;
    }

    private static Tensor Rows(IEnumerable<long[]> rows)
    {
        var all = rows.ToArray();
        return tensor(all.SelectMany(r => r).ToArray(), [all.Length, all[0].Length]);
    }
}
