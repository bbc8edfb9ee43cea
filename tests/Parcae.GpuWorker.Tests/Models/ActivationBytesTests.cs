using System.Runtime;
using System.Runtime.InteropServices;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.Grains;
using Xunit;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Tests.Models;

/// <summary>What models say they keep, against what the C library's allocator, which Torch takes its memory from, has handed out.</summary>
[Collection(AloneCollection.Name)]
public sealed class ActivationBytesTests
{
    // Of a micro-batch: enough for what a formula leaves out (means of norms, the graph itself) to be small beside it.
    private const double Bytes = 8e6;

    [Theory]
    [InlineData("gpt")]
    [InlineData("bert")]
    [InlineData("resnet")]
    [InlineData("resnet-large")]
    [InlineData("vgg")]
    [InlineData("vgg-large")]
    public void A_micro_batch_in_flight_keeps_what_its_layers_declare(string name)
    {
        var spec = name switch
        {
            "gpt" or "bert" => SmallModels.Spec(name) with { Hidden = 64, SequenceLength = 64, Vocabulary = 300 },
            "resnet" or "vgg" => SmallModels.Spec(name) with { ImageSize = 48 },
            "resnet-large" => SmallModels.Spec("resnet") with { ImageSize = 80 },
            _ => SmallModels.Spec("vgg") with { ImageSize = 256, Hidden = 512 },
        };
        foreach (double dropout in new[] { 0, 0.5 })
        {
            var model = ModelFactory.Create(spec with { Dropout = dropout });
            double declared = Enumerable.Range(0, model.LayerCount).Sum(model.ActivationBytes);
            int samples = Math.Max(2, (int)(Bytes / declared));
            Assert.InRange(Kept(model, samples) / (samples * declared), 0.95, 1.05);
        }
    }

    // The median of several micro-batches in which the runtime compiled nothing: its compiler takes up to half a megabyte from the same allocator. What others have left to the garbage collector may go meanwhile.
    private static long Kept(IStagedModel model, int samples)
    {
        const int MicroBatches = 60, Counted = 5;
        var training = SmallModels.Training with { MicroBatches = MicroBatches, GlobalBatch = MicroBatches * samples };
        using var scope = NewDisposeScope();
        var states = Enumerable.Range(0, model.LayerCount).Select(layer => LayerState.Initialize(model, layer, training)).ToList();
        using var stage = new StageCompute(model, new LayerRange(0, model.LayerCount), states, training);
        using var batches = new TestBatches(model.Spec, training);
        using var batch = batches.MicroBatch(0, 0);
        var kept = new List<long>();
        for (int microBatch = 0; microBatch < MicroBatches && kept.Count < Counted; microBatch++)
        {
            long compiled = JitInfo.GetCompiledMethodCount(), before = Allocated();
            using (var inputs = batch.Inputs.clone()) stage.Forward(0, microBatch, inputs, batch.Targets); // a clone: what is made of an array lies in managed memory
            long after = Allocated();
            if (microBatch > 0 && JitInfo.GetCompiledMethodCount() == compiled) kept.Add(after - before); // the first one also makes what all use
        }

        states.ForEach(s => s.Dispose());
        Assert.Equal(Counted, kept.Count);
        return kept.Order().ElementAt(kept.Count / 2);
    }

    private static long Allocated()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var info = MallInfo();
        return (long)(info.InUse + info.InMappings);
    }

    [DllImport("libc", EntryPoint = "mallinfo2")]
    private static extern Info MallInfo();

    /// <summary>The allocator's statistics (mallinfo(3)); <c>uordblks</c> and <c>hblkhd</c> are of interest.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Info
    {
        private readonly nuint _arena, _freeChunks, _fastBins, _mappings;
        public readonly nuint InMappings;
        private readonly nuint _unused, _freeInFastBins;
        public readonly nuint InUse;
        private readonly nuint _free, _releasable;
    }
}
