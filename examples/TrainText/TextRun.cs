using System.Diagnostics;
using System.Globalization;
using Parcae.GpuWorker.Checkpoints;
using Parcae.GpuWorker.Data;
using Parcae.GpuWorker.Generation;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Native;
using Parcae.GpuWorker.Numerics;
using Parcae.Grains;

namespace Parcae.Examples.TrainText;

/// <summary>One run: trains, writes what it saw of the loss, continues a few prompts.</summary>
internal sealed class TextRun(int steps)
{
    private static readonly string[] Prompts = ["Gets or sets the ", "Thrown when ", "Returns a new "];

    private readonly JobSpec _spec = new()
    {
        Name = "train-text",
        Model = new ModelSpec { Blocks = 6, Hidden = 128, Heads = 4, SequenceLength = 128 },
        Data = new DataSpec { ValidationFraction = 0.02 },
        Training = new TrainingSpec
        {
            Steps = steps,
            GlobalBatch = 16,
            MicroBatches = 4,
            LearningRate = 2e-3,
            WarmupSteps = 100,
            Schedule = "cosine",
            FinalLearningRate = 2e-4,
            EvaluateEvery = 100,
            EvaluationBatches = 32,
        },
    };

    private readonly List<StepResult> _results = [];
    private readonly List<(string Prompt, string Text)> _samples = [];
    private TimeSpan _took;
    private string _description = "";
    private long _parameters;

    /// <summary>Trains all steps, writes a checkpoint into the folder, and draws the samples.</summary>
    public void Train(string folder)
    {
        TorchNative.EnsureLoaded();
        TorchSharp.torch.set_num_threads(1);
        var model = ModelFactory.Create(_spec.Model);
        _description = model.Description;
        _parameters = Enumerable.Range(0, model.LayerCount).SelectMany(l => model.Layout(l).Parameters).Where(p => p.IsOwn).Sum(p => p.Length);
        using var batches = BatchSources.Open(_spec);
        using var trainer = new LocalTrainer(model, _spec.Training, batches);
        var clock = Stopwatch.StartNew();
        while (trainer.Version < steps)
        {
            var result = trainer.Step();
            _results.Add(result);
            if (result.ValidationLoss is { } validation)
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{clock.Elapsed:hh\\:mm\\:ss}  step {result.Step}  loss {result.Loss:0.0000}  validation {validation:0.0000}  norm {result.GradientNorm:0.000}"));
        }

        _took = clock.Elapsed;
        double last = trainer.Validate();
        _results.Add(_results[^1] with { Step = steps, Loss = double.NaN, ValidationLoss = last });
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{_took:hh\\:mm\\:ss}  step {steps}  validation {last:0.0000}"));
        new CheckpointStore(Path.Combine(folder, "checkpoints"), _spec.Name).Write(steps, model, _spec, trainer.States);

        var tokenizer = Tokenizers.Open(_spec.Data);
        using var generator = new TextGenerator(model, trainer.States);
        foreach (string prompt in Prompts)
        {
            int[] drawn = [.. generator.Generate(tokenizer.Encode(prompt), new GenerationOptions(400, Temperature: 0.8, TopK: 40, Seed: 1))];
            _samples.Add((prompt, tokenizer.Decode(drawn)));
        }
    }

    /// <summary>Writes <c>losses.csv</c>, <c>loss.svg</c> and <c>README.md</c>.</summary>
    public void WriteReport(string folder) =>
        new RunReport(_spec, _description, _parameters, _results, _samples, _took).Write(folder);
}
