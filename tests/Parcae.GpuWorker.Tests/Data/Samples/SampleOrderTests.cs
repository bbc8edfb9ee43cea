using CsCheck;
using Parcae.GpuWorker.Data;
using Xunit;

namespace Parcae.GpuWorker.Tests.Data;

public sealed class SampleOrderTests
{
    [Fact]
    public void A_permutation_reaches_everything_once() => Gen.Select(Gen.Long[1, 3000], Gen.ULong).Sample((n, seed) =>
    {
        var permutation = new Permutation(n, seed);
        Assert.Equal(n, Enumerable.Range(0, (int)n).Select(i => permutation.At(i)).Distinct().Count(x => x >= 0 && x < n));
    });

    [Fact]
    public void Every_epoch_is_a_permutation_of_the_training_records_without_those_for_validation() =>
        Gen.Select(Gen.Int[2, 400], Gen.Double[0, 0.6], Gen.Int, Gen.Int[0, 50]).Sample((records, fraction, seed, epoch) =>
        {
            var order = SampleOrder.Split(records, fraction, seed, "records");
            Assert.Equal(records, order.Training + order.Validation);
            Assert.Equal(fraction == 0 ? 0 : Math.Max(1, (int)(records * fraction)), order.Validation);
            var seen = Enumerable.Range(0, (int)order.Training).Select(i => order.Record(epoch * order.Training + i)).Order();
            Assert.Equal(Enumerable.Range(0, (int)order.Training).Select(i => (long)i), seen);
        });

    [Fact]
    public void The_next_epoch_has_another_order_and_neighbours_are_torn_apart()
    {
        var order = new SampleOrder(999, 0, 1);
        var first = Enumerable.Range(0, 999).Select(i => order.Record(i)).ToArray();
        var second = Enumerable.Range(999, 999).Select(i => order.Record(i)).ToArray();
        Assert.NotEqual(first, second);
        Assert.True(first.Zip(first.Skip(1)).Count(p => Math.Abs(p.First - p.Second) <= 1) < 20);
    }

    [Fact]
    public void The_order_is_the_one_that_jobs_have_always_had()
    {
        // A job that is resumed after an upgrade goes on with the samples that are left of its epoch.
        var order = new SampleOrder(999, 0, 1);
        Assert.Equal([507L, 457, 75, 678, 354, 203, 115, 629, 506, 442, 111, 692], Enumerable.Range(0, 12).Select(i => order.Record(i)));
        Assert.Equal([221L, 792, 775, 47, 6, 636], Enumerable.Range(999, 6).Select(i => order.Record(i)));
    }

    [Theory]
    [InlineData(1, 0.1, "nothing is left to train on")]
    [InlineData(0, 0, "nothing is left to train on")]
    [InlineData(10, 1, "data.validationFraction: 1 is not valid")]
    [InlineData(10, -0.1, "data.validationFraction: -0.1 is not valid")]
    [InlineData(10, double.NaN, "data.validationFraction: NaN is not valid")]
    public void A_split_that_leaves_nothing_to_train_on_is_refused(long records, double fraction, string reason) =>
        Assert.Contains(reason, Assert.Throws<InvalidDataException>(() => SampleOrder.Split(records, fraction, 1, "records")).Message);
}
