using System.Globalization;
using System.IO.Hashing;
using System.Text;
using Parcae.GpuWorker.Data;
using Parcae.Grains;
using Xunit;

namespace Parcae.GpuWorker.Tests.Data;

public sealed class BatchSourceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly JobSpec _spec;

    // 1000 numbers of four digits: 999 windows of four bytes and their targets.
    public BatchSourceTests() => _spec = new JobSpec
    {
        Model = new ModelSpec { SequenceLength = 4 },
        Data = new DataSpec { Paths = [_folder.File("a.txt", string.Concat(Enumerable.Range(0, 1000).Select(i => $"{i:D4}")))], CacheFolder = Path.Combine(_folder.Path, "cache") },
        Training = new TrainingSpec { GlobalBatch = 12, MicroBatches = 3 },
    };

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Bytes_have_the_order_the_tokens_and_the_checksums_that_they_have_always_had()
    {
        using var source = BatchSources.Open(_spec);
        var (inputs, targets, checksum) = source.MicroBatch(0, 1).Content();
        int[] windows = [354, 203, 115, 629]; // samples 4 .. 7 of seed 1
        Assert.Equal(windows.Select(w => $"{w:D4}"), Batches.Longs(inputs).Chunk(4).Select(Text));
        Assert.Equal(windows.Select(w => $"{w:D4}{(w + 1) / 1000}"[1..]), Batches.Longs(targets).Chunk(4).Select(Text));
        ulong expected = 0;
        for (int i = 0; i < 4; i++)
            expected += XxHash3.HashToUInt64(Encoding.ASCII.GetBytes($"{windows[i]:D4}{(windows[i] + 1) / 1000}"), (long)XxHash3.HashToUInt64(BitConverter.GetBytes(4L + i)));
        Assert.Equal(expected, checksum);
    }

    [Fact]
    public void An_epoch_reads_every_window_once_and_none_of_those_for_validation()
    {
        var spec = _spec with { Data = _spec.Data with { ValidationFraction = 0.333 }, Training = new TrainingSpec { GlobalBatch = 6, MicroBatches = 2 } };
        using var source = BatchSources.Open(spec);
        // 999 windows, 332 of them for validation: 667 to train on.
        var read = Enumerable.Range(0, 2 * 667).SelectMany(step => Batches.Longs(source.Step(step, 2).Inputs).Chunk(4)).Select(w => int.Parse(Text(w), CultureInfo.InvariantCulture)).ToArray();
        for (int epoch = 0; epoch < 12; epoch++) Assert.Equal(Enumerable.Range(0, 667), read.Skip(epoch * 667).Take(667).Order());
        var kept = Enumerable.Range(0, 111).SelectMany(i => Batches.Longs(source.Validation(i).Content().Inputs).Chunk(4)).Select(w => int.Parse(Text(w), CultureInfo.InvariantCulture)).ToArray();
        Assert.Equal([.. Enumerable.Range(667, 332), 667], kept); // in their order, and again from the first
    }

    [Fact]
    public void A_step_does_not_depend_on_how_it_is_cut()
    {
        foreach (var spec in Specs())
        {
            var steps = new[] { 1, 2, 3, 4, 6, 12 }.Select(microBatches =>
            {
                using var source = BatchSources.Open(spec with { Training = spec.Training with { MicroBatches = microBatches } });
                return source.Step(5, microBatches);
            }).ToArray();
            Assert.All(steps, s => Assert.Equal(steps[0].Checksum, s.Checksum));
            Assert.All(steps, s => Assert.Equal(steps[0].Inputs, s.Inputs));
            Assert.All(steps, s => Assert.Equal(steps[0].Targets, s.Targets));
        }
    }

    [Fact]
    public void Samples_have_the_same_bits_after_reopening_in_any_order_and_others_with_another_seed()
    {
        foreach (var spec in Specs())
        {
            using var first = BatchSources.Open(spec);
            var (later, validation, earlier) = (first.MicroBatch(400, 2).Content(), first.Validation(1).Content(), first.MicroBatch(3, 0).Content());
            using var again = BatchSources.Open(spec);
            using var other = BatchSources.Open(spec with { Training = spec.Training with { Seed = 2 } });
            foreach (var (expected, actual, different) in new[]
            {
                (earlier, again.MicroBatch(3, 0).Content(), other.MicroBatch(3, 0).Content()),
                (validation, again.Validation(1).Content(), default),
                (later, again.MicroBatch(400, 2).Content(), other.MicroBatch(400, 2).Content()),
            })
            {
                Assert.Equal(expected.Inputs, actual.Inputs);
                Assert.Equal(expected.Targets, actual.Targets);
                Assert.Equal(expected.Checksum, actual.Checksum);
                Assert.NotEqual(expected.Checksum, different.Checksum);
            }
        }
    }

    [Fact]
    public void Without_validation_samples_asking_for_them_says_what_to_do()
    {
        using var source = BatchSources.Open(_spec);
        Assert.Contains("data.validationFraction", Assert.Throws<InvalidOperationException>(() => source.Validation(0)).Message);
        var e = Assert.Throws<InvalidDataException>(() => BatchSources.Open(_spec with { Training = _spec.Training with { EvaluateEvery = 10 } }));
        Assert.StartsWith("training.evaluateEvery is 10, but no samples are kept for validation", e.Message);
    }

    [Fact]
    public void A_micro_batch_that_does_not_exist_is_refused()
    {
        using var source = BatchSources.Open(_spec);
        Assert.Throws<ArgumentOutOfRangeException>(() => source.MicroBatch(-1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => source.MicroBatch(0, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => source.MicroBatch(0, -1));
    }

    // Every kind of sample that is made in memory.
    private JobSpec[] Specs()
    {
        var withValidation = _spec with { Data = _spec.Data with { ValidationFraction = 0.1 } };
        var synthetic = withValidation with { Data = new DataSpec { Kind = "synthetic", SyntheticSamples = 100, ValidationFraction = 0.1, Augment = true } };
        return
        [
            withValidation,
            withValidation with { Model = new ModelSpec { Family = "bert", SequenceLength = 20, Vocabulary = 257 } },
            synthetic with { Model = new ModelSpec { SequenceLength = 9, Vocabulary = 50 } },
            synthetic with { Model = new ModelSpec { Family = "bert", SequenceLength = 9, Vocabulary = 50 } },
            synthetic with { Model = new ModelSpec { Family = "resnet", ImageSize = 16, Channels = 2, Classes = 3 } },
        ];
    }

    private static string Text(long[] tokens) => string.Concat(tokens.Select(t => (char)t));
}
