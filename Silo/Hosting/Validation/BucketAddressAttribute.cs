using System.ComponentModel.DataAnnotations;
using Parcae.GpuWorker.Checkpoints;

namespace Parcae.Silo.Hosting.Validation;

/// <summary>Nothing, or a bucket with a prefix.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class BucketAddressAttribute : ValidationAttribute
{
    /// <inheritdoc/>
    public override bool IsValid(object? value) => value is null || (value is string text && BucketAddress.Parse(text) is not null);

    /// <inheritdoc/>
    public override string FormatErrorMessage(string name) => BucketAddress.Rule;
}
