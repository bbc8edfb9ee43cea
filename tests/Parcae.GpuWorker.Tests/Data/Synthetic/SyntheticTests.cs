using Parcae.GpuWorker.Data;
using Xunit;

namespace Parcae.GpuWorker.Tests.Data;

public sealed class SyntheticTests
{
    [Fact]
    public void A_token_decides_what_most_often_follows()
    {
        var tokens = new SyntheticTokens(1, 400, 64);
        var followers = Enumerable.Range(0, 64).Select(_ => new int[64]).ToArray();
        var sequence = new long[101];
        for (int i = 0; i < 400; i++)
        {
            tokens.Read(i, i, sequence);
            Assert.All(sequence, t => Assert.InRange(t, 0, 63));
            for (int t = 0; t < 100; t++) followers[sequence[t]][sequence[t + 1]]++;
        }

        // The four most frequent followers of each token, of 64: 7/8 and their share of the rest.
        double predicted = followers.Sum(f => f.OrderDescending().Take(4).Sum()) / 40_000.0;
        Assert.InRange(predicted, 0.85, 0.92);
        Assert.True(followers.Select(f => Array.IndexOf(f, f.Max())).Distinct().Count() > 20); // different ones
    }

    [Theory]
    [InlineData(2)]
    [InlineData(70_000)]
    public void Tokens_are_of_the_vocabulary(int vocabulary)
    {
        var sequence = new long[200];
        new SyntheticTokens(1, 1, vocabulary).Read(0, 0, sequence);
        Assert.All(sequence, t => Assert.InRange(t, 0, vocabulary - 1));
        Assert.True(sequence.Distinct().Count() > 1);
    }

    [Fact]
    public void Images_of_a_class_are_alike_under_their_noise()
    {
        const int Classes = 5, Pixels = 3 * 20 * 20;
        var images = new SyntheticImages(1, 3, 20, Classes);
        var all = Enumerable.Range(0, 300).Select(i =>
        {
            var pixels = new float[Pixels];
            var (label, _) = images.Read(i, i, pixels);
            return (Label: (int)label, Pixels: pixels);
        }).ToArray();
        Assert.All(all, i => Assert.InRange(i.Label, 0, Classes - 1));
        Assert.All(all.GroupBy(i => i.Label), g => Assert.InRange(g.Count(), 30, 90));
        Assert.InRange(all.SelectMany(i => i.Pixels).Average(), -0.3, 0.3);

        // The nearest mean of the first 200 images tells the class of the other 100.
        var means = Enumerable.Range(0, Classes).Select(c => Mean([.. all.Take(200).Where(i => i.Label == c).Select(i => i.Pixels)])).ToArray();
        Assert.InRange(all.Skip(200).Count(i => Enumerable.Range(0, Classes).MinBy(c => Distance(means[c], i.Pixels)) == i.Label), 95, 100);

        // And yet no two images are the same.
        Assert.Equal(300, all.Select(i => i.Pixels[0]).Distinct().Count());
    }

    private static double[] Mean(float[][] images) => [.. Enumerable.Range(0, images[0].Length).Select(p => images.Average(i => i[p]))];

    private static double Distance(double[] mean, float[] image) => mean.Zip(image, (m, p) => (m - p) * (m - p)).Sum();
}
