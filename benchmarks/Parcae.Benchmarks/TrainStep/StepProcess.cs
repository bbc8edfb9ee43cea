using System.Diagnostics;
using System.Globalization;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Native;
using Parcae.GpuWorker.Numerics;
using Parcae.GpuWorker.Service;
using Parcae.Grains;
using TorchSharp;
using static TorchSharp.torch;

namespace Parcae.Benchmarks.TrainStep;

/// <summary>
/// The process that trains: <c>train-step-process THREADS MICROBATCHES</c>, or on a GPU <c>gpu-step-process MODEL PRECISION</c>. Asked <c>product N K</c> it multiplies two N x N matrices K times and answers
/// with each one's seconds; asked <c>step K</c>, it trains K steps and answers with each one's seconds; asked <c>loss</c> it answers with the last step's loss, asked <c>memory</c> with the bytes of the GPU in use.
/// </summary>
internal sealed class StepProcess : IDisposable
{
    private readonly Device _device;
    private readonly ScalarType _type;
    private readonly MemoryBatches _batches;
    private readonly LocalTrainer _trainer;
    private double _loss = double.NaN;

    private StepProcess(StepModel model, int microBatches, string precision, Device device)
    {
        var training = new TrainingSpec { GlobalBatch = model.Batch, MicroBatches = microBatches, WarmupSteps = 0, LearningRate = 3e-4, Precision = precision };
        (_device, _type) = (device, precision == "bfloat16" ? ScalarType.BFloat16 : ScalarType.Float32);
        _batches = new MemoryBatches(training.MicroBatchSize, microBatches, model.Spec.SequenceLength, model.Spec.Vocabulary);
        _trainer = new LocalTrainer(new Gpt(model.Spec), training, _batches, device: device);
    }

    public static int RunOnCpu(int threads, int microBatches)
    {
        TorchNative.EnsureLoaded();
        set_num_threads(threads);
        using var process = new StepProcess(StepModel.Small, microBatches, "float32", CPU);
        return process.Answer();
    }

    public static int RunOnGpu(string model, string precision)
    {
        var device = ComputeDevice.Choose("cuda");
        // What the engine does not do: see docs/training.md.
        if (precision is "tf32") backends.cuda.matmul.allow_tf32 = true;
        if (precision is "float32-any-order") CudaArithmetic.SetAlgorithms(false);
        using var process = new StepProcess(model == "gpt2" ? StepModel.Gpt2 : StepModel.Small, 1, precision == "bfloat16" ? precision : "float32", device);
        return process.Answer();
    }

    public void Dispose()
    {
        _trainer.Dispose();
        _batches.Dispose();
    }

    private int Answer()
    {
        while (Console.ReadLine() is { } question)
        {
            switch (question.Split(' '))
            {
                case ["product", var size, var count]:
                    Answer(Product(long.Parse(size, CultureInfo.InvariantCulture), int.Parse(count, CultureInfo.InvariantCulture)));
                    break;
                case ["step", var count]:
                    Answer(Enumerable.Range(0, int.Parse(count, CultureInfo.InvariantCulture)).Select(_ => Timed(() => _loss = _trainer.Step().Loss)).ToArray());
                    break;
                case ["loss"]:
                    Answer([_loss]);
                    break;
                case ["memory"]:
                    Answer([GpuMemory.Used()]);
                    break;
                default:
                    throw new ArgumentException($"Asked '{question}': product N K, step K, loss and memory are understood.");
            }
        }

        return 0;
    }

    private double[] Product(long size, int count)
    {
        using var scope = NewDisposeScope();
        Tensor a = randn(size, size, dtype: _type, device: _device), b = randn(size, size, dtype: _type, device: _device), c = empty(size, size, dtype: _type, device: _device);
        return [.. Enumerable.Range(0, count).Select(_ => Timed(() => c.addmm_(a, b, beta: 0, alpha: 1)))];
    }

    private double Timed(Action run)
    {
        Finish();
        var clock = Stopwatch.StartNew();
        run();
        Finish();
        return clock.Elapsed.TotalSeconds;
    }

    private void Finish()
    {
        if (_device.type == DeviceType.CUDA) cuda.synchronize();
    }

    private static void Answer(IEnumerable<double> numbers) => Console.WriteLine(string.Join(' ', numbers.Select(n => n.ToString("R", CultureInfo.InvariantCulture))));
}
