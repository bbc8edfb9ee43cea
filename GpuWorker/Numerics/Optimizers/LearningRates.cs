using Parcae.Grains;

namespace Parcae.GpuWorker.Numerics;

/// <summary>The learning rate as a function of the step alone: a linear warm-up, then constant or half a cosine.</summary>
public static class LearningRates
{
    /// <summary>Learning rate of a step.</summary>
    /// <param name="training">Peak, warm-up and schedule.</param>
    /// <param name="step">The step, from 0; it makes version <c>step + 1</c>.</param>
    public static double At(TrainingSpec training, int step)
    {
        ArgumentNullException.ThrowIfNull(training);
        if (step < training.WarmupSteps) return training.LearningRate * (step + 1) / training.WarmupSteps;
        if (training.Schedule != "cosine") return training.LearningRate;
        int end = training.DecaySteps ?? training.Steps ?? throw new ArgumentException("A cosine needs decaySteps or steps.", nameof(training));
        double progress = Math.Min(1, (double)(step - training.WarmupSteps) / (end - training.WarmupSteps));
        return training.FinalLearningRate + (training.LearningRate - training.FinalLearningRate) * 0.5 * (1 + Math.Cos(Math.PI * progress));
    }
}
