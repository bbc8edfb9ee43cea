using Parcae.GpuWorker.Data;
using Parcae.GpuWorker.Generation;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.Grains;
using TorchSharp;
using Xunit;

namespace Parcae.GpuWorker.Tests.Generation;

public sealed class TextGeneratorTests : IDisposable
{
    private static readonly ModelSpec Small = new() { Blocks = 1, Hidden = 32, Heads = 2, SequenceLength = 16 };
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_trained_model_continues_the_text_that_it_has_seen_beyond_its_window()
    {
        const string Line = "a red fox. ";
        var path = _folder.File("text.txt", string.Concat(Enumerable.Repeat(Line, 200)));
        var job = new JobSpec { Model = Small, Data = new DataSpec { Paths = [path], CacheFolder = _folder.Path }, Training = new TrainingSpec { LearningRate = 1e-2, WarmupSteps = 5, MicroBatches = 1 } };
        using var text = BatchSources.Open(job);
        using var trainer = new LocalTrainer(new Gpt(Small), job.Training, text);
        while (trainer.Version < 100) trainer.Step();
        using var generator = new TextGenerator(new Gpt(Small), trainer.States);
        var tokens = generator.Generate([.. "a red".Select(c => (int)c)], new GenerationOptions(60, Temperature: 0));
        Assert.Equal(string.Concat(Enumerable.Repeat(Line, 6)).Substring(5, 60), string.Concat(tokens.Select(t => (char)t)));
    }

    [Fact]
    public void The_same_seed_gives_the_same_tokens_and_another_gives_others()
    {
        using var trained = new States();
        using var generator = new TextGenerator(trained.Model, trained.All);
        int[] Draw(int seed, int topK = 0) => [.. generator.Generate([1, 2, 3], new GenerationOptions(40, 1, topK, seed))];
        Assert.Equal(Draw(5), Draw(5));
        Assert.NotEqual(Draw(5), Draw(6));
        Assert.True(Draw(5).Distinct().Count() > 20); // it knows nothing
        Assert.All(Draw(5), t => Assert.InRange(t, 0, 255));
        // From the one likeliest token there is nothing to draw.
        Assert.Equal([.. generator.Generate([1, 2, 3], new GenerationOptions(40, 0))], Draw(7, topK: 1));
    }

    [Fact]
    public void No_tensor_is_left_behind_by_a_token()
    {
        using var trained = new States();
        using var generator = new TextGenerator(trained.Model, trained.All);
        _ = generator.Generate([1], new GenerationOptions(2)).Count();
        long live = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        _ = generator.Generate([1], new GenerationOptions(20)).Count();
        Assert.Equal(live, DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void What_cannot_be_continued_is_refused_before_anything_is_computed()
    {
        using var trained = new States();
        using var generator = new TextGenerator(trained.Model, trained.All);
        Assert.Contains("empty", Assert.Throws<ArgumentException>(() => generator.Generate([], new GenerationOptions(1))).Message);
        Assert.Contains("token 256; the model's are 0 to 255", Assert.Throws<ArgumentException>(() => generator.Generate([256], new GenerationOptions(1))).Message);
        Assert.Contains("temperature: -1 is not valid", Assert.Throws<ArgumentException>(() => generator.Generate([1], new GenerationOptions(1, -1))).Message);
        Assert.Contains("temperature: NaN is not valid", Assert.Throws<ArgumentException>(() => generator.Generate([1], new GenerationOptions(1, double.NaN))).Message);
        Assert.Contains("top-k: -2 is not valid", Assert.Throws<ArgumentException>(() => generator.Generate([1], new GenerationOptions(1, 1, -2))).Message);
        Assert.Contains("not of 0, 1", Assert.Throws<ArgumentException>(() => new TextGenerator(trained.Model, trained.All[..2])).Message);
    }

    [Fact]
    public void Draws_follow_the_probabilities_that_temperature_and_top_k_give()
    {
        float[] logits = [MathF.Log(1), MathF.Log(4), MathF.Log(3), MathF.Log(2)];
        double[] Shares(double temperature, int topK) => [.. Enumerable.Range(0, 20000)
            .Select(draw => TokenSampler.Draw(logits, new GenerationOptions(1, temperature, topK, 3), draw)).GroupBy(t => t)
            .Aggregate(new double[4], (shares, g) => { shares[g.Key] = g.Count() / 20000.0; return shares; })];
        void Near(double[] expected, double[] actual) => Assert.All(expected.Zip(actual), p => Assert.Equal(p.First, p.Second, 0.015));
        Near([0.1, 0.4, 0.3, 0.2], Shares(1, 0));
        Near([1 / 30.0, 16 / 30.0, 9 / 30.0, 4 / 30.0], Shares(0.5, 0));
        Near([0, 4 / 7.0, 3 / 7.0, 0], Shares(1, 2));
        Assert.Equal([0, 1, 0, 0], Shares(1, 1));
        Assert.Equal([0, 1, 0, 0], Shares(0, 0));
        Assert.Contains("of token 1", Assert.Throws<InvalidOperationException>(() => TokenSampler.Draw([0, float.NaN], new GenerationOptions(1), 0)).Message);
    }

    private sealed class States : IDisposable
    {
        public Gpt Model { get; } = new(Small);

        public LayerState[] All { get; } = [.. Enumerable.Range(0, 3).Select(layer => LayerState.Initialize(new Gpt(Small), layer, new TrainingSpec()))];

        public void Dispose()
        {
            foreach (var state in All) state.Dispose();
        }
    }
}
