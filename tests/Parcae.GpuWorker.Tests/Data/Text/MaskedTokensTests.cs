using CsCheck;
using Parcae.GpuWorker.Data;
using Parcae.Grains;
using Xunit;

namespace Parcae.GpuWorker.Tests.Data;

public sealed class MaskedTokensTests
{
    private const int Mask = 256;

    [Theory]
    [InlineData(2, 1)] // at least one
    [InlineData(20, 3)]
    [InlineData(30, 5)] // 4.5
    [InlineData(128, 19)] // 19.2
    [InlineData(512, 77)] // 76.8
    public void Fifteen_in_a_hundred_positions_are_masked_and_at_least_one(int sequence, int masked) => Assert.Equal(masked, new MaskedTokens(sequence, Mask, 256).Masked);

    [Fact]
    public void Every_sample_has_as_many_masked_positions_and_keeps_the_others() => Gen.Select(Gen.Int[1, 200], Gen.ULong).Sample((sequence, seed) =>
    {
        var objective = new MaskedTokens(sequence, Mask, 256);
        var (inputs, targets) = Sample(objective, seed);
        Assert.Equal(objective.Masked, targets.Count(t => t != MaskedTokens.Ignored));
        for (int i = 0; i < sequence; i++)
        {
            if (targets[i] == MaskedTokens.Ignored) Assert.Equal(i, inputs[i]);
            else Assert.Equal(i, targets[i]);
            Assert.InRange(inputs[i], 0, Mask);
        }
    });

    [Fact]
    public void Eight_of_ten_become_the_mask_one_any_token_and_one_stays()
    {
        var objective = new MaskedTokens(200, Mask, 256);
        var drawn = Enumerable.Range(0, 400).SelectMany(seed =>
        {
            var (inputs, targets) = Sample(objective, (ulong)seed);
            return inputs.Zip(targets, (input, target) => (input, target)).Where(p => p.target != MaskedTokens.Ignored);
        }).ToArray();
        double all = drawn.Length; // 12,000: the standard deviation of a share of 0.1 is 0.0027
        Assert.InRange(drawn.Count(p => p.input == Mask) / all, 0.785, 0.815);
        Assert.InRange(drawn.Count(p => p.input == p.target) / all, 0.088, 0.112);
        Assert.InRange(drawn.Where(p => p.input != Mask && p.input != p.target).Select(p => p.input).Distinct().Count(), 200, 256); // tokens from all over the vocabulary
    }

    [Fact]
    public void Positions_are_drawn_from_the_whole_sequence()
    {
        var objective = new MaskedTokens(40, Mask, 256);
        var counts = new int[40];
        for (ulong seed = 0; seed < 2000; seed++)
        {
            var (_, targets) = Sample(objective, seed);
            for (int i = 0; i < 40; i++) counts[i] += targets[i] == MaskedTokens.Ignored ? 0 : 1;
        }

        Assert.All(counts, c => Assert.InRange(c, 240, 360)); // 300 expected, standard deviation 16
    }

    [Fact]
    public void The_same_text_is_masked_differently_in_the_next_epoch_but_always_alike_for_validation()
    {
        var spec = new JobSpec
        {
            Model = new ModelSpec { Family = "bert", SequenceLength = 40, Vocabulary = 60 },
            Data = new DataSpec { Kind = "synthetic", SyntheticSamples = 2, ValidationFraction = 0.5 },
            Training = new TrainingSpec { GlobalBatch = 1, MicroBatches = 1 },
        };
        using var source = BatchSources.Open(spec);
        Assert.NotEqual(source.MicroBatch(0, 0).Content().Targets, source.MicroBatch(1, 0).Content().Targets); // the one training record in both
        Assert.Equal(source.Validation(0).Content().Inputs, source.Validation(1).Content().Inputs);
        Assert.DoesNotContain(59L, Unmasked(source.MicroBatch(0, 0)));

        // The mask is no token of the text.
        static IEnumerable<long> Unmasked(MicroBatch batch)
        {
            var (inputs, targets, _) = batch.Content();
            return Batches.Longs(inputs).Zip(Batches.Longs(targets), (i, t) => t == MaskedTokens.Ignored ? i : t);
        }
    }

    // Masks the sequence 0, 1, 2, ...
    private static (long[] Inputs, long[] Targets) Sample(MaskedTokens objective, ulong seed)
    {
        var (inputs, targets) = (new long[objective.Sequence], new long[objective.Sequence]);
        objective.Write([.. Enumerable.Range(0, objective.Sequence).Select(i => (long)i)], seed, inputs, targets);
        return (inputs, targets);
    }
}
