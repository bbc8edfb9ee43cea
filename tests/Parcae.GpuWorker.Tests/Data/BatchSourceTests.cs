using CsCheck;
using Parcae.GpuWorker.Data;
using Parcae.GpuWorker.Numerics;
using Parcae.Grains;
using Xunit;

namespace Parcae.GpuWorker.Tests.Data;

public sealed class BatchSourceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TokenDataset _data;

    public BatchSourceTests()
    {
        var file = _folder.File("a.txt", string.Concat(Enumerable.Range(0, 1000).Select(i => $"{i:D4}")));
        _data = TokenDataset.Open(new DataSpec { Paths = [file], CacheFolder = _folder.Path }, 4);
    }

    public void Dispose()
    {
        _data.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void A_permutation_reaches_everything_once() => Gen.Select(Gen.Long[1, 3000], Gen.ULong).Sample((n, seed) =>
    {
        var permutation = new Permutation(n, seed);
        Assert.Equal(n, Enumerable.Range(0, (int)n).Select(i => permutation.At(i)).Distinct().Count(x => x >= 0 && x < n));
    });

    [Fact]
    public void An_epoch_reads_every_window_once_and_the_next_one_in_another_order()
    {
        var source = new BatchSource(_data, 1, 6, 3, 4);
        Assert.Equal(999, source.Windows);
        var first = Enumerable.Range(0, 999).Select(i => source.Window(i)).ToArray();
        var second = Enumerable.Range(999, 999).Select(i => source.Window(i)).ToArray();
        Assert.Equal(Enumerable.Range(0, 999).Select(i => (long)i), first.Order());
        Assert.Equal(first.Order(), second.Order());
        Assert.NotEqual(first, second);
        Assert.True(first.Zip(first.Skip(1)).Count(p => Math.Abs(p.First - p.Second) <= 1) < 20); // neighbours are torn apart
    }

    [Fact]
    public void A_micro_batch_is_a_function_of_seed_and_step_alone()
    {
        using var a = new BatchSource(_data, 1, 6, 3, 4).MicroBatch(400, 2);
        using var b = new BatchSource(_data, 1, 6, 3, 4).MicroBatch(400, 2);
        using var otherSeed = new BatchSource(_data, 2, 6, 3, 4).MicroBatch(400, 2);
        Assert.Equal(a.Inputs.Bytes().ToArray(), b.Inputs.Bytes().ToArray());
        Assert.Equal(a.Checksum, b.Checksum);
        Assert.NotEqual(a.Checksum, otherSeed.Checksum);
    }

    [Fact]
    public void Targets_are_the_next_tokens()
    {
        using var batch = new BatchSource(_data, 1, 6, 3, 4).MicroBatch(3, 1);
        Assert.Equal([2L, 4L], batch.Inputs.shape);
        Assert.Equal(2, batch.Samples);
        Assert.Equal(batch.Inputs[0, 1].item<long>(), batch.Targets[0, 0].item<long>());
        Assert.Equal(batch.Inputs[1, 3].item<long>(), batch.Targets[1, 2].item<long>());
    }

    [Fact]
    public void The_checksum_of_a_step_does_not_depend_on_how_it_is_cut()
    {
        ulong Sum(int microBatches)
        {
            var source = new BatchSource(_data, 1, 12, microBatches, 4);
            ulong sum = 0;
            for (int i = 0; i < microBatches; i++)
            {
                using var batch = source.MicroBatch(5, i);
                sum += batch.Checksum;
            }

            return sum;
        }

        Assert.Single(new[] { 1, 2, 3, 4, 6, 12 }.Select(Sum).Distinct());
    }
}
