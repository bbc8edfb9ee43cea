namespace Parcae.Liveput.Costs;

/// <summary>A part of what a change costs.</summary>
/// <param name="Name">What the time goes to, for people: <c>agreement</c>, <c>rendezvous</c>, <c>groups</c>, <c>process</c>, <c>model build</c>, <c>restart</c>, <c>transfer</c>.</param>
/// <param name="Seconds">At least 0.</param>
public readonly record struct MigrationPart(string Name, double Seconds);
